// The time stamp counter: what chunks and thread starts are dated with.
#pragma once

#include "base/types.h"

namespace tiptoe::sys {

// A program may forbid itself to read the counter (prctl PR_SET_TSC), thread by thread; children
// and what it executes inherit that. Set when a thread of this process may be so; never unset.
extern bool g_tsc_may_fault;
// At the start, before the first tsc(): whether that was inherited.
void look_at_tsc();

u64 tsc_where_forbidden();

inline u64 rdtsc() {
  u32 low, high;
  asm volatile("rdtsc" : "=a"(low), "=d"(high));
  return u64{high} << 32 | low;
}

inline u64 tsc() {
  return g_tsc_may_fault ? tsc_where_forbidden() : rdtsc();
}

}  // namespace tiptoe::sys
