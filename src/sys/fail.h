// A broken invariant of the engine: say so on stderr and stop the process, at once and loudly.
// Control is never lost silently.
#pragma once

#include "base/types.h"

namespace tiptoe::sys {

// Writes "tiptoe: internal error: WHAT (a, b in hexadecimal)" and kills the process by SIGABRT.
[[noreturn]] void fail(const char* what, u64 a = 0, u64 b = 0);

// One line on stderr, for limits that a user should know of.
void warn(const char* what, u64 a = 0, u64 b = 0);

// Debug log: 0 quiet, 1 problems, 2 blocks, 3 everything.
extern u32 g_log_level;
void log_line(const char* what, u64 a, u64 b, u64 c);
inline void log(u32 level, const char* what, u64 a = 0, u64 b = 0, u64 c = 0) {
  if (g_log_level >= level) [[unlikely]] {
    log_line(what, a, b, c);
  }
}

// Invariants stay checked in release builds.
#define TIPTOE_CHECK(condition, a, b)                                       \
  do {                                                                      \
    if (!(condition)) [[unlikely]]                                          \
      ::tiptoe::sys::fail("check failed: " #condition, (u64)(a), (u64)(b)); \
  } while (0)

}  // namespace tiptoe::sys
