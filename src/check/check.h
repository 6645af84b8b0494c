// tiptoe run --check: a program under the engine beside a native twin, kept in step by ptrace, and
// the first difference of pc, registers, flags or memory reported. docs/CHECK.md says what is
// compared.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/types.h"
#include "bridge/boot.h"

namespace tiptoe::check {

struct CheckOptions {
  std::vector<std::string> argv;
  bool as_recorded = false;  // the code that `tiptoe record` runs, with its register stolen
  u64 cache_bytes = kDefaultCacheBytes;
  i32 trust_threshold = -1;
  u32 log_level = 0;
  u32 boot_flags = 0;           // BootFlag, beyond kBootCheck
  std::span<const u8> runtime;  // the runtime's ELF image
};

// Runs it; returns what tiptoe is to exit with: the program's own status, or 125 after a
// difference. Messages go to stderr. The calling process must be single-threaded.
int run_check(const CheckOptions& options);

}  // namespace tiptoe::check
