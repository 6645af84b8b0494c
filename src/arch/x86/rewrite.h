// Re-encoding an application instruction with some of its fields changed.
//
// Relocation needs few changes: another name for one general-purpose register, another address for
// the memory operand, and a segment prefix left out or made fs. Replacement registers are
// always among kScratchRegisters, which need no REX/VEX extension bit and no SIB or displacement
// when used as a base, so an instruction never has to change its encoding class, and a byte
// register keeps its meaning.
#pragma once

#include <span>

#include "arch/x86/decode.h"

namespace tiptoe::x86 {

constexpr Gpr kScratchRegisters[] = {kRcx, kRdx, kRsi, kRdi, kRbx, kRax};

struct Rewrite {
  Gpr rename_from = kNoGpr;  // every encoded field that names this register...
  Gpr rename_to = kNoGpr;    // ...names this one instead

  // kBase: the operand becomes [base]. The address size stays (the bit offset of bt is added with
  // it), unless a segment is dropped, whose base has been added to the address already.
  // kRebase: its base register (or none) becomes `base`, index and displacement stay.
  enum class Memory : u8 { kKeep, kBase, kRebase, kRipRelative, kAbsolute } memory = Memory::kKeep;
  Gpr base = kNoGpr;
  i32 displacement = 0;  // kRipRelative, kAbsolute: the new 32-bit displacement
  bool drop_segment = false;
  bool drop_address_size = false;
  bool fs_for_gs = false;  // the segment prefix becomes that of fs
};

// The most that reencode() may write: an absolute operand is one byte longer than a RIP-relative
// one.
constexpr unsigned kMaxReencodedBytes = kMaxInsnBytes + 1;

// Writes the changed instruction to `out` and returns its length. `bytes` are the instruction's
// own. For kRipRelative the displacement does not depend on the length, which stays the same unless
// a segment prefix is dropped.
unsigned reencode(std::span<const u8> bytes, const Insn& insn, const Rewrite& rewrite, u8* out);

// The registers that the instruction's encoded fields name.
GprSet encoded_registers(const Insn& insn);

// Writes `mov to, <r/m operand of insn>` (64-bit load), where insn is an indirect jmp, call or push
// with a ModRM operand: the same operand read into a register. Returns the length.
unsigned encode_operand_load(const Insn& insn, Gpr to, u8* out);

}  // namespace tiptoe::x86
