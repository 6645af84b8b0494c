// The symbols of an ELF file.
#pragma once

#include <map>
#include <string>

#include "base/types.h"

namespace tiptoe::master {

struct Symbols {
  std::map<std::string, u64> values;

  // Ends the tool when there is no such symbol.
  u64 operator[](const std::string& name) const;
};

Symbols read_symbols(const std::string& file);

}  // namespace tiptoe::master
