// Access to the program's memory that may fail instead of faulting.
#pragma once

#include "base/types.h"

// In gate.S. Copies forward; returns how many bytes were NOT copied (0: all). The SIGSEGV/SIGBUS
// handler knows the two labels and ends the copy early. Safe from any thread of the runtime.
extern "C" tiptoe::u64 tiptoe_safe_copy(void* to, const void* from, tiptoe::u64 bytes);
extern "C" const char tiptoe_safe_copy_fault[];
extern "C" const char tiptoe_safe_copy_recover[];

namespace tiptoe::engine {

inline u64 safe_copy(void* to, const void* from, u64 bytes) {
  return tiptoe_safe_copy(to, from, bytes);
}

}  // namespace tiptoe::engine
