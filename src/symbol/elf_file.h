// A libelf handle that closes itself.
#pragma once

#include <gelf.h>

#include <functional>
#include <span>
#include <string>

#include "base/types.h"

namespace tiptoe::symbol {

class ElfFile {
 public:
  explicit ElfFile(const std::string& path);
  explicit ElfFile(std::span<const u8> image);
  ~ElfFile();
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  explicit operator bool() const { return elf_ != nullptr; }
  Elf* get() const { return elf_; }

  // Calls back for every section with its header and name.
  void for_each_section(
      const std::function<void(Elf_Scn*, const GElf_Shdr&, const char* name)>& visit) const;
  // The bytes of a section; empty for one without (SHT_NOBITS).
  static std::span<const u8> bytes_of(Elf_Scn* section);

 private:
  int fd_ = -1;
  Elf* elf_ = nullptr;
};

}  // namespace tiptoe::symbol
