// The time stamp counter: what chunks and thread starts are dated with.
#pragma once

#include "base/types.h"

namespace tiptoe::sys {

inline u64 tsc() {
  u32 low, high;
  asm volatile("rdtsc" : "=a"(low), "=d"(high));
  return u64{high} << 32 | low;
}

}  // namespace tiptoe::sys
