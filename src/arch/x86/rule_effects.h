// What the names Fx and Imp of rule.h stand for: sets of flags and of implicit registers.
// A flag that the manuals call undefined is written but never killed.
#pragma once

#include "arch/x86/rule.h"

namespace tiptoe::x86::rules {

struct FlagEffect {
  FlagSet read, written, killed;
};

constexpr FlagSet kOszap = kOf | kSf | kZf | kAf | kPf;
constexpr FlagSet kSystemFlags = kTf | kIf | kIopl | kNt | kRf | kVm | kAc | kId;
constexpr FlagSet kAllFlags = kStatusFlags | kDf | kSystemFlags;

constexpr FlagEffect flag_effect(Fx fx) {
  constexpr FlagSet kAll = kStatusFlags;
  constexpr FlagSet kOszpc = kAll & ~kAf, kOszc = kOf | kSf | kZf | kCf, kOc = kOf | kCf;
  constexpr FlagSet kSzapc = kAll & ~kOf, kSzp = kSf | kZf | kPf;
  switch (fx) {
    case Fx::kNone:
      return {0, 0, 0};
    case Fx::kArith:
      return {0, kAll, kAll};
    case Fx::kAdc:
      return {kCf, kAll, kOszap};
    case Fx::kLogic:
      return {0, kAll, kOszpc};
    case Fx::kIncDec:
      return {0, kOszap, kOszap};
    case Fx::kMul:
      return {0, kAll, kOc};
    case Fx::kUndefined:
      return {0, kAll, 0};
    case Fx::kShiftOne:
      return {0, kAll, kOszpc};
    case Fx::kShift:
      return {0, kAll, 0};
    case Fx::kRotateOne:
      return {0, kOc, kOc};
    case Fx::kRotate:
      return {0, kOc, 0};
    case Fx::kRotateCarryOne:
      return {kCf, kOc, kOf};
    case Fx::kRotateCarry:
      return {kCf, kOc, 0};
    case Fx::kBit:
      return {0, kAll & ~kZf, kCf};
    case Fx::kBitScan:
      return {0, kAll, kZf};
    case Fx::kAndn:
      return {0, kAll, kOszc};
    case Fx::kBextr:
      return {0, kAll, kOc | kZf};
    case Fx::kAllSet:
      return {0, kAll, kAll};
    case Fx::kCarry:
      return {kCf, kCf, 0};
    case Fx::kCarrySet:
      return {0, kCf, kCf};
    case Fx::kOverflow:
      return {kOf, kOf, 0};
    case Fx::kComplement:
      return {kCf, kCf, 0};
    case Fx::kZero:
      return {0, kZf, kZf};
    case Fx::kDirection:
      return {kDf, 0, 0};
    case Fx::kDirectionSet:
      return {0, kDf, kDf};
    case Fx::kInterrupt:
      return {kIopl, kIf, 0};
    case Fx::kAlign:
      return {0, kAc, kAc};
    case Fx::kLoadAh:
      return {kSzapc, 0, 0};
    case Fx::kStoreAh:
      return {0, kSzapc, kSzapc};
    case Fx::kReadZero:
      return {kZf, 0, 0};
    case Fx::kReadCarry:
      return {kCf, 0, 0};
    case Fx::kReadZeroCarry:
      return {kZf | kCf, 0, 0};
    case Fx::kReadParity:
      return {kPf, 0, 0};
    case Fx::kDecimal:
      return {kAf | kCf, kAll, kSzp};
    case Fx::kAsciiAdjust:
      return {kAf, kAll, kCf};
    case Fx::kAsciiMul:
      return {0, kAll, kSzp};
    case Fx::kStringCompare:
      return {kDf, kAll, kAll};
    case Fx::kX87Compare:
      return {0, kAll, kZf | kPf | kCf};
    case Fx::kPushf:
      return {kAllFlags, 0, 0};
    case Fx::kPopf:
      return {kIopl, kAllFlags, kAll | kDf};
    case Fx::kEverything:
    case Fx::kCount:
      break;
  }
  return {kAllFlags, kAllFlags, 0};
}

struct RegEffect {
  GprSet read, written;
  GprSet killed;  // when the operand size is not 16
};

constexpr GprSet kAllGprs = 0xffffffff;

constexpr RegEffect reg_effect(Imp imp) {
  constexpr GprSet a = set_of(kRax), b = set_of(kRbx), c = set_of(kRcx), d = set_of(kRdx);
  constexpr GprSet sp = set_of(kRsp), bp = set_of(kRbp), si = set_of(kRsi), di = set_of(kRdi);
  switch (imp) {
    case Imp::kNone:
      return {0, 0, 0};
    case Imp::kReadA:
      return {a, 0, 0};
    case Imp::kUpdateA:
      return {a, a, a};
    case Imp::kUpdateAl:
      return {a, a, 0};
    case Imp::kWriteA:
      return {0, a, a};
    case Imp::kWriteAl:
      return {0, a, 0};
    case Imp::kStack:
      return {sp, sp, 0};
    case Imp::kPusha:
      return {0xff, sp, 0};
    case Imp::kPopa:
      return {sp, 0xff, 0xff & ~sp};
    case Imp::kFrame:
      return {sp | bp, sp | bp, 0};
    case Imp::kString2:
      return {si | di, si | di, 0};
    case Imp::kStos:
      return {a | di, di, 0};
    case Imp::kLods:
      return {si, a | si, a};
    case Imp::kLodsb:
      return {si, a | si, 0};
    case Imp::kIns:
      return {d | di, di, 0};
    case Imp::kOuts:
      return {d | si, si, 0};
    case Imp::kXlat:
      return {a | b, a, 0};
    case Imp::kMul:
      return {a, a | d, a | d};
    case Imp::kMulByte:
      return {a, a, 0};
    case Imp::kDiv:
      return {a | d, a | d, a | d};
    case Imp::kExtendA:
      return {a, a, a};
    case Imp::kExtendD:
      return {a, d, d};
    case Imp::kReadC:
      return {c, 0, 0};
    case Imp::kUpdateC:
      return {c, c, 0};
    case Imp::kInDx:
      return {d, a, a};
    case Imp::kInDxByte:
      return {d, a, 0};
    case Imp::kOutDx:
      return {a | d, 0, 0};
    case Imp::kCpuid:
      return {a | c, a | b | c | d, a | b | c | d};
    case Imp::kRdtsc:
      return {0, a | d, a | d};
    case Imp::kRdtscp:
      return {0, a | c | d, a | c | d};
    case Imp::kReadCWriteAd:
      return {c, a | d, a | d};
    case Imp::kReadAd:
      return {a | d, 0, 0};
    case Imp::kCmpxchg:
      return {a, a, 0};
    case Imp::kCmpxchg8b:
      return {a | b | c | d, a | d, 0};
    case Imp::kReadAc:
      return {a | c, 0, 0};
    case Imp::kReadAcd:
      return {a | c | d, 0, 0};
    case Imp::kReadD:
      return {d, 0, 0};
    case Imp::kReadDi:
      return {di, 0, 0};
    case Imp::kEstri:
      return {a | d, c, c};
    case Imp::kEstrm:
      return {a | d, 0, 0};
    case Imp::kIstri:
      return {0, c, c};
    case Imp::kEverything:
    case Imp::kCount:
      break;
  }
  return {kAllGprs, kAllGprs, 0};
}

// The same as tables, for the decoder.
template <typename Effect, unsigned N>
struct EffectTable {
  Effect of[N];
};

consteval auto tabulate_flag_effects() {
  EffectTable<FlagEffect, static_cast<unsigned>(Fx::kCount)> table{};
  for (unsigned i = 0; i < static_cast<unsigned>(Fx::kCount); ++i) {
    table.of[i] = flag_effect(static_cast<Fx>(i));
  }
  return table;
}

consteval auto tabulate_reg_effects() {
  EffectTable<RegEffect, static_cast<unsigned>(Imp::kCount)> table{};
  for (unsigned i = 0; i < static_cast<unsigned>(Imp::kCount); ++i) {
    table.of[i] = reg_effect(static_cast<Imp>(i));
  }
  return table;
}

inline constexpr auto kFlagEffects = tabulate_flag_effects();
inline constexpr auto kRegEffects = tabulate_reg_effects();

}  // namespace tiptoe::x86::rules
