// What the processor that this runs on can do, where it decides what bytes mean.
#pragma once

#include "base/types.h"

namespace tiptoe::x86 {

// APX with its REX2 prefix and 32 registers: there, and turned on. Asked once: cpuid may cost
// microseconds in a virtual machine.
inline bool has_apx() {
  static const bool has = [] {
    u32 a = 0, b, c = 0, d;
    asm("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (a < 7) return false;
    a = 7, c = 0;
    asm("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (a < 1) return false;
    a = 7, c = 1;
    asm("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    constexpr u32 kApx = 1u << 21, kEnabled = 1u << 19;
    if ((d & kApx) == 0) return false;
    asm("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return (a & kEnabled) != 0;
  }();
  return has;
}

}  // namespace tiptoe::x86
