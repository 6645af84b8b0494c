// The vocabulary of the instruction tables: one Rule says for which bytes it stands and what the
// instructions it stands for do to registers, flags, memory and control flow.
//
// A rule is written as one line of calls, `op(0x88).rm(kWb).reg(kRb)`: opcode, then the conditions
// under which it applies, then the operands in the order of the manuals. Everything here exists at
// compile time only; what remains in the program is an array of small integers without pointers, so
// the tables need no relocation. Freestanding.
#pragma once

#include "arch/x86/decode.h"

namespace tiptoe::x86::rules {

// One opcode table: an encoding together with an opcode map.
enum Space : u8 {
  kPrimary,
  k0f,
  k0f38,
  k0f3a,
  k3dnow,
  kVex0f,
  kVex0f38,
  kVex0f3a,
  kVex7,
  kXop8,
  kXop9,
  kXopA,
  kEvex0f,
  kEvex0f38,
  kEvex0f3a,
  kEvex5,
  kEvex6,
  kSpaceCount,
  kUncharted = 0xff,  // an encoding of which only the length rules are known
};

// Mandatory prefix, as in the pp field of VEX: a rule applies to a set of them.
enum Pp : u8 { kBare = 1, k66 = 2, kF3 = 4, kF2 = 8, kAnyPp = 15 };

// What an operand field holds and what is done with it: access in the low three bits, class above.
// A field of class "other" (vector, mask, segment, x87...) matters only when it is memory.
enum Operand : u8 {
  kUnused = 0,
  kR = 1,
  kW = 2,
  kRW = 3,
  kC = 4,  // may be written or not (cmov): changes, but does not kill
  kByte = 1 << 3,
  kWord = 2 << 3,
  kVar = 3 << 3,
  kFull = 4 << 3,
  kClass = 7 << 3,

  kRb = kByte | kR,
  kWb = kByte | kW,
  kRWb = kByte | kRW,  // 8 bits
  kRw = kWord | kR,
  kWw = kWord | kW,
  kRWw = kWord | kRW,  // 16 bits
  kCw = kWord | kC,
  kRv = kVar | kR,
  kWv = kVar | kW,
  kRWv = kVar | kRW,  // 16, 32 or 64 by operand size
  kCv = kVar | kC,
  kRCv = kVar | kR | kC,
  kRCb = kByte | kR | kC,
  kRy = kFull | kR,
  kWy = kFull | kW,
  kRWy = kFull | kRW,  // 32 or 64: a write kills
  kCy = kFull | kC,
};

// Immediates: what follows the displacement.
enum class Imm : u8 {
  kNone,
  k8,
  k16,
  kZ,  // 16 or 32 by operand size
  kV,  // 16, 32 or 64 by operand size
  k32,
  k16And8,  // enter
  k8And8,   // extrq, insertq
  kFar,     // offset by operand size, then a selector
  kMoffs,   // an address by address size; counts as a displacement
  kRel8,
  kRelZ,  // a relative branch: 32 bits in 64-bit mode, by operand size in 32-bit mode
  kRelV,  // xbegin: by operand size in both modes
};

// Which flags an instruction reads, may write, and certainly overwrites.
enum class Fx : u8 {
  kNone,
  kArith,
  kAdc,
  kLogic,
  kIncDec,
  kMul,
  kUndefined,
  kShiftOne,
  kShift,
  kRotateOne,
  kRotate,
  kRotateCarryOne,
  kRotateCarry,
  kBit,
  kBitScan,
  kAndn,
  kBextr,
  kAllSet,
  kCarry,
  kCarrySet,
  kOverflow,
  kComplement,
  kZero,
  kDirection,
  kDirectionSet,
  kInterrupt,
  kAlign,
  kLoadAh,
  kStoreAh,
  kReadZero,
  kReadCarry,
  kReadZeroCarry,
  kReadParity,
  kDecimal,
  kAsciiAdjust,
  kAsciiMul,
  kStringCompare,
  kX87Compare,
  kPushf,
  kPopf,
  kEverything,
  kCount,
};

// Registers used without a field that names them.
enum class Imp : u8 {
  kNone,
  kReadA,
  kUpdateA,
  kUpdateAl,
  kWriteA,
  kWriteAl,
  kStack,
  kPusha,
  kPopa,
  kFrame,
  kString2,
  kStos,
  kLods,
  kLodsb,
  kIns,
  kOuts,
  kXlat,
  kMul,
  kMulByte,
  kDiv,
  kExtendA,
  kExtendD,
  kReadC,
  kUpdateC,
  kInDx,
  kInDxByte,
  kOutDx,
  kCpuid,
  kRdtsc,
  kRdtscp,
  kReadCWriteAd,
  kReadAd,
  kCmpxchg,
  kCmpxchg8b,
  kReadAc,
  kReadAcd,
  kReadD,
  kReadDi,
  kEstri,
  kEstrm,
  kIstri,
  kEverything,
  kCount,
};

enum Trait : u32 {
  kNoTrait = 0,
  kModrm = 1 << 0,     // a ModRM byte follows the opcode
  kLockable = 1 << 1,  // LOCK is allowed with a memory destination
  kX87 = 1 << 2,       // sets the x87 instruction pointer
  kString = 1 << 3,    // REP applies
  kVsib = 1 << 4,
  kDefault64 = 1 << 5,  // operand size is 64 (or 16) in 64-bit mode
  kCondition = 1 << 6,  // the low nibble of the opcode is a condition to be read
  kZeroIdiom = 1 << 7,  // the result does not depend on the operand when both are one register
  kShiftImm = 1 << 8,   // a count that is not zero overwrites the flags
  kReadsMem = 1 << 9,   // implicit memory operands
  kWritesMem = 1 << 10,
  kUndefinedOp = 1 << 11,  // always #UD
};

// Conditions that are one bit of the encoding; a rule applies when its bit of each pair is set.
enum Where : u8 {
  kMemForm = 1,
  kRegForm = 2,
  kIn64 = 4,
  kIn32 = 8,
  kW0 = 16,
  kW1 = 32,
  kB0 = 64,
  kB1 = 128,
  kAnywhere = 255,
};

struct Rule {
  u8 first = 0, last = 0;  // opcodes
  u8 pp = kAnyPp;
  u8 where = kAnywhere;
  u8 reg_values = 0xff;  // the values of ModRM.reg and ModRM.rm, as bit sets
  u8 rm_values = 0xff;
  u8 reg_operand = kUnused, rm_operand = kUnused;
  u8 third_operand = kUnused;  // VEX.vvvv, or the low bits of the opcode in legacy encodings
  Imm immediate = Imm::kNone;
  Imp implicit = Imp::kNone;
  Fx flag_effect = Fx::kNone;
  Flow control = Flow::kNext;
  Special special_kind = Special::kNone;
  u32 traits = 0;

  // Where the rule applies.
  constexpr Rule when(u8 prefixes) const {
    Rule r = *this;
    r.pp = prefixes;
    return r;
  }
  constexpr Rule mem() const { return without(kRegForm).with(kModrm); }
  constexpr Rule mod3() const { return without(kMemForm).with(kModrm); }
  constexpr Rule only64() const { return without(kIn32); }
  constexpr Rule only32() const { return without(kIn64); }
  constexpr Rule b(bool one) const { return without(one ? kB0 : kB1); }
  constexpr Rule ext(unsigned n) const { return exts(1u << n); }
  constexpr Rule exts(unsigned set) const {
    Rule r = with(kModrm);
    r.reg_values = static_cast<u8>(set);
    return r;
  }
  // The whole ModRM byte is given (0f 01 d0...).
  constexpr Rule byte(u8 modrm) const {
    Rule r = mod3().ext((modrm >> 3) & 7);
    r.rm_values = static_cast<u8>(1u << (modrm & 7));
    return r;
  }

  // Operands.
  constexpr Rule reg(unsigned o) const {
    Rule r = with(kModrm);
    r.reg_operand = u8(o);
    return r;
  }
  constexpr Rule rm(unsigned o) const {
    Rule r = with(kModrm);
    r.rm_operand = u8(o);
    return r;
  }
  constexpr Rule vvvv(unsigned o) const {
    Rule r = *this;
    r.third_operand = u8(o);
    return r;
  }
  constexpr Rule low3(unsigned o) const { return vvvv(o); }
  constexpr Rule imm(Imm i) const {
    Rule r = *this;
    r.immediate = i;
    return r;
  }

  // Effects.
  constexpr Rule regs(Imp i) const {
    Rule r = *this;
    r.implicit = i;
    return r;
  }
  constexpr Rule flags(Fx f) const {
    Rule r = *this;
    r.flag_effect = f;
    return r;
  }
  constexpr Rule flow(Flow f) const {
    Rule r = *this;
    r.control = f;
    return r;
  }
  constexpr Rule special(Special s) const {
    Rule r = *this;
    r.special_kind = s;
    return r;
  }
  constexpr Rule with(u32 t) const {
    Rule r = *this;
    r.traits |= t;
    return r;
  }
  constexpr Rule lockable() const { return with(kLockable); }
  // May do anything to registers and flags.
  constexpr Rule opaque() const { return regs(Imp::kEverything).flags(Fx::kEverything); }
  constexpr Rule privileged() const { return opaque().flow(Flow::kPrivileged); }

  constexpr Rule without(u8 condition) const {
    Rule r = *this;
    r.where = static_cast<u8>(r.where & ~condition);
    return r;
  }
};

constexpr Rule op(u8 first, u8 last) {
  Rule r;
  r.first = first;
  r.last = last;
  return r;
}
constexpr Rule op(u8 opcode) {
  return op(opcode, opcode);
}

struct Range {
  u8 first, last;
};

// Collects the rules of one space; the first rule that applies wins.
template <typename Table>
struct Sink {
  Table& table;
  Space space;
  constexpr void operator+=(const Rule& rule) { table.add(space, rule); }
};

}  // namespace tiptoe::x86::rules
