#include "symbol/demangle.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace tiptoe::symbol {

std::string demangle(const std::string& name) {
  // The demangler would also take "i" for "int"; only encoded names begin like this. A version
  // suffix (name@@V) or a clone suffix (.part.0) that it does not know is put back behind.
  if (!name.starts_with("_Z")) return name;
  const size_t at = name.find('@');
  const std::string plain = name.substr(0, at);
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(plain.c_str(), nullptr, nullptr, &status), &std::free);
  if (status != 0 || text == nullptr) return name;
  return at == std::string::npos ? text.get() : text.get() + name.substr(at);
}

}  // namespace tiptoe::symbol
