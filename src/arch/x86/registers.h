// General-purpose registers and flags by their hardware numbers, and sets of them as bit masks.
#pragma once

#include "base/types.h"

namespace tiptoe::x86 {

enum class Mode : u8 { k64, k32 };

// Hardware numbers, as in ModRM/SIB/REX. kRip is only ever a pseudo base register.
enum Gpr : u8 {
  kRax,
  kRcx,
  kRdx,
  kRbx,
  kRsp,
  kRbp,
  kRsi,
  kRdi,
  kR8,
  kR9,
  kR10,
  kR11,
  kR12,
  kR13,
  kR14,
  kR15,
  kGprCount,
  kNoGpr = 0xff,
};

// A set of general-purpose registers: bit N stands for hardware register N (16..31 are APX's
// r16-r31).
using GprSet = u32;
constexpr GprSet set_of(Gpr r) {
  return r < 32 ? GprSet{1} << r : 0;
}

// A set of flags: the bits stand where they stand in RFLAGS.
using FlagSet = u32;
constexpr FlagSet kCf = 1u << 0, kPf = 1u << 2, kAf = 1u << 4, kZf = 1u << 6, kSf = 1u << 7,
                  kTf = 1u << 8, kIf = 1u << 9, kDf = 1u << 10, kOf = 1u << 11, kIopl = 3u << 12,
                  kNt = 1u << 14, kRf = 1u << 16, kVm = 1u << 17, kAc = 1u << 18, kId = 1u << 21;
// The six arithmetic flags: those that liveness is about.
constexpr FlagSet kStatusFlags = kCf | kPf | kAf | kZf | kSf | kOf;

// x86 condition codes, as in the low nibble of Jcc/SETcc/CMOVcc.
enum Cond : u8 { kO, kNo, kB, kAe, kE, kNe, kBe, kA, kS, kNs, kP, kNp, kL, kGe, kLe, kG };

}  // namespace tiptoe::x86
