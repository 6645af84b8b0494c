// C++ (and legacy Rust) names as people write them.
#pragma once

#include <string>

namespace tiptoe::symbol {

// The demangled name, or `name` itself when it is not mangled.
[[nodiscard]] std::string demangle(const std::string& name);

}  // namespace tiptoe::symbol
