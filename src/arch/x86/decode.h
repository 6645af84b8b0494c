// The table decoder: what the translator needs to know of one instruction, and no more.
//
// It answers, for the bytes of one instruction: how long it is, where its fields stand (so that it
// can be re-encoded with another register or displacement), how it changes control flow, and which
// general-purpose registers and flags it reads and writes. It does not name operands or print
// anything: outside the traced process that is Zydis' job.
//
// The length rules of x86 are regular, so an opcode that the table does not know still gets the
// length that the hardware would give it; `known` is then false and the register and flag sets are
// pessimistic (reads and writes everything, kills nothing).
//
// Freestanding; no state; safe from any thread and from signal handlers. Cost: 10-60 ns.
#pragma once

#include <span>

#include "arch/x86/registers.h"

namespace tiptoe::x86 {

constexpr unsigned kMaxInsnBytes = 15;

// How control leaves an instruction. Closed: add a kind and every switch over it must say what it
// does.
enum class Flow : u8 {
  kNext,          // falls through to the next instruction, always
  kJmp,           // jmp rel8/rel32
  kJcc,           // jcc rel8/rel32; `cond` says which
  kLoop,          // loop/loope/loopne rel8 (opcode e2/e1/e0)
  kJrcxz,         // jcxz/jecxz/jrcxz rel8 (address size picks the register)
  kCall,          // call rel32
  kJmpIndirect,   // jmp r/m
  kCallIndirect,  // call r/m
  kRet,           // ret / ret imm16 (imm_size 0 or 2)
  kFarJmp,        // jmp m16:32/64, or jmp ptr16:32 in 32-bit mode
  kFarCall,       // call m16:32/64, or call ptr16:32 in 32-bit mode
  kFarRet,        // retf / retf imm16
  kIret,
  kSyscall,
  kSysenter,
  kInt,  // int imm8
  kInt3,
  kInt1,        // icebp
  kInto,        // 32-bit mode only
  kTrap,        // ud0, ud1, ud2: always #UD
  kXbegin,      // xbegin rel16/rel32: falls through, or aborts to its target
  kPrivileged,  // hlt, cli, sysret, mov cr...: faults in user mode; falls through as far as
                // decoding goes
};

// Instructions other than branches that must not be copied as they are, because their meaning
// depends on where they stand or on state that the runtime virtualises.
enum class Special : u8 {
  kNone,
  kPushf,  // pushf/pushfd/pushfq
  kPopf,
  kX87Env,  // fnstenv, fnsave: store the x87 instruction pointer
  kXsave,   // fxsave, xsave, xsavec, xsaveopt, xsaves: store the x87 instruction pointer
  kRdFsBase,
  kRdGsBase,
  kWrFsBase,
  kWrGsBase,
  kMovToSeg,    // mov sreg, r/m
  kMovFromSeg,  // mov r/m, sreg
  kPushSeg,     // push fs/gs (and the others in 32-bit mode)
  kPopSeg,
  kLoadFarPtr,  // lfs, lgs, lss, (lds, les in 32-bit mode)
  kRdssp,       // shadow-stack instructions
  kCpuid,
  kRdtsc,  // rdtsc, rdtscp
  kRdpid,
  kXgetbv,
};

enum class Encoding : u8 { kLegacy, kVex2, kVex3, kXop, kEvex, kRex2 };

// Opcode map: legacy one-byte, 0f, 0f38, 0f3a; VEX/EVEX/XOP maps keep their own number.
// (k3dnow: 0f 0f, opcode is the trailing byte.)
enum class Map : u8 {
  kPrimary = 0,
  k0f = 1,
  k0f38 = 2,
  k0f3a = 3,
  kMap4 = 4,
  kMap5 = 5,
  kMap6 = 6,
  kMap7 = 7,
  kXop8 = 8,
  kXop9 = 9,
  kXopA = 10,
  k3dnow = 15,
};

// Which encoded fields of the instruction name a general-purpose register. (A vector, mask,
// segment, control register in ModRM.reg does not count; nor does a vector index of a gather.)
enum GprField : u8 {
  kFieldReg = 1 << 0,     // ModRM.reg
  kFieldRm = 1 << 1,      // ModRM.rm with mod == 3
  kFieldBase = 1 << 2,    // memory base (ModRM.rm or SIB.base)
  kFieldIndex = 1 << 3,   // SIB.index
  kFieldVvvv = 1 << 4,    // VEX/EVEX.vvvv
  kFieldOpcode = 1 << 5,  // low three bits of the opcode byte
};

constexpr u8 kAbsent = 0xff;  // an offset of a field that is not there

struct Insn {
  u8 length = 0;  // 1..15
  Encoding encoding = Encoding::kLegacy;
  Map map = Map::kPrimary;
  u8 opcode = 0;

  // Offsets from the first byte, kAbsent when the field is not there.
  u8 rex_offset = kAbsent;  // REX (legacy encodings)
  u8 vex_offset = kAbsent;  // first byte (c5/c4/62/8f/d5) of VEX/EVEX/XOP/REX2
  u8 opcode_offset = 0;     // the last opcode byte (the one that `opcode` holds)
  u8 modrm_offset = kAbsent;
  u8 sib_offset = kAbsent;
  u8 disp_offset = kAbsent;
  u8 disp_size = 0;  // 0, 1, 2, 4, 8 (8: moffs)
  u8 imm_offset = kAbsent;
  u8 imm_size = 0;  // bytes of all immediates together (enter: 3; far ptr: 6)

  u8 legacy_prefix_count = 0;        // legacy prefix bytes before REX/VEX/opcode
  bool operand_size_prefix = false;  // 66
  bool address_size_prefix = false;  // 67
  bool lock = false;
  bool rep = false;       // f3 (whatever it means for this opcode)
  bool repne = false;     // f2
  u8 segment_prefix = 0;  // the effective segment override byte: 64, 65 (26 2e 36 3e in
                          // 32-bit mode only), or 0
  u8 rex = 0;             // REX bits as W8 R4 X2 B1, also filled from VEX/EVEX (0 when none)
  bool rex_w = false;

  u8 modrm = 0;
  u8 sib = 0;
  i64 disp = 0;  // sign-extended displacement (EVEX disp8 is NOT scaled here)
  i64 imm = 0;   // the first immediate, sign-extended from its size

  bool known = true;          // in the table: sets below are exact
  bool valid = true;          // false: the processor raises #UD for these bytes
  bool rip_relative = false;  // memory operand is [rip+disp32] ([eip+disp32] with a 67 prefix)
  bool vsib = false;          // the SIB index is a vector register
  bool reads_memory = false;  // explicit or implicit (pop, ret, string instructions...)
  bool writes_memory = false;
  bool x87 = false;         // an x87 instruction that sets the x87 instruction pointer
  bool rep_string = false;  // rep-prefixed string instruction
  Flow flow = Flow::kNext;
  Special special = Special::kNone;
  Cond cond = kO;         // for kJcc
  i64 branch_offset = 0;  // relative branches: target - address of the next instruction
  u8 gpr_fields = 0;      // GprField bits

  GprSet regs_read = 0;      // registers whose value may influence anything
  GprSet regs_written = 0;   // registers that may change, in any part
  GprSet regs_killed = 0;    // registers fully overwritten whatever they held (32- and 64-bit
                             // destinations; not cmov, not 8/16-bit writes)
  GprSet regs_implicit = 0;  // registers used in ways no encoded field shows (rcx of shl cl, rdi of
                             // stos, rdx:rax of mul, rsp of push...): cannot be renamed
  FlagSet flags_read = 0;
  FlagSet flags_written = 0;  // may change, "undefined" included
  FlagSet flags_killed = 0;   // always overwritten with a value independent of the old one
};

// Where a prefix makes operands 16 bits wide: REX.W outweighs it.
inline bool has_16_bit_operands(const Insn& insn) {
  return insn.operand_size_prefix && !insn.rex_w;
}

// Decodes the instruction at the start of `bytes`. Returns false when the bytes end before the
// instruction does (`out.length` is then the number of bytes that would be needed at least), or
// when the instruction is longer than 15 bytes (`out.length` is then 15 and `out.valid` false).
// Bytes that raise #UD decode with `valid` false and the length up to which they were read.
[[nodiscard]] bool decode(std::span<const u8> bytes, Mode mode, Insn& out);

}  // namespace tiptoe::x86
