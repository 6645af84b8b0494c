// Where x86::decode and Zydis 4.0 differ on purpose, each with its reason. Whatever is not listed
// here fails the oracle test.
#pragma once

#include "zydis_oracle.h"

namespace tiptoe::x86::oracle {

struct KnownDifference {
  ZydisMnemonic mnemonic;
  u32 fields;
  const char* reason;
};

constexpr const char* kStringPointer =
    "Zydis has rsi/rdi only read here, and counts ZF, which the loop sets itself, as an input";
constexpr const char* kPointerWritten = "Zydis has rsi/rdi only read here";
constexpr const char* kMissesPrivilege = "faults in user mode, which Zydis does not say";
constexpr const char* kOtherFlags =
    "the manual has the other arithmetic flags cleared or undefined";
constexpr const char* kHint = "a hint: no memory is accessed architecturally, nothing can fault";
constexpr const char* kMpx = "MPX: a nop everywhere today, described as the access it once was";

constexpr KnownDifference kKnownDifferences[] = {
    {ZYDIS_MNEMONIC_CMPSB, kFlagsRead | kRegsWritten, kStringPointer},
    {ZYDIS_MNEMONIC_CMPSW, kFlagsRead | kRegsWritten, kStringPointer},
    {ZYDIS_MNEMONIC_CMPSD, kFlagsRead | kRegsWritten, kStringPointer},
    {ZYDIS_MNEMONIC_CMPSQ, kFlagsRead | kRegsWritten, kStringPointer},
    {ZYDIS_MNEMONIC_SCASB, kFlagsRead | kRegsWritten, kStringPointer},
    {ZYDIS_MNEMONIC_SCASW, kFlagsRead | kRegsWritten, kStringPointer},
    {ZYDIS_MNEMONIC_SCASD, kFlagsRead | kRegsWritten, kStringPointer},
    {ZYDIS_MNEMONIC_SCASQ, kFlagsRead | kRegsWritten, kStringPointer},
    {ZYDIS_MNEMONIC_INSB, kRegsWritten, kPointerWritten},
    {ZYDIS_MNEMONIC_INSW, kRegsWritten, kPointerWritten},
    {ZYDIS_MNEMONIC_INSD, kRegsWritten, kPointerWritten},
    {ZYDIS_MNEMONIC_OUTSB, kRegsWritten, kPointerWritten},
    {ZYDIS_MNEMONIC_OUTSW, kRegsWritten, kPointerWritten},
    {ZYDIS_MNEMONIC_OUTSD, kRegsWritten, kPointerWritten},

    {ZYDIS_MNEMONIC_CLI, kFlow, kMissesPrivilege},
    {ZYDIS_MNEMONIC_STI, kFlow, kMissesPrivilege},
    {ZYDIS_MNEMONIC_CLGI, kFlow, kMissesPrivilege},
    {ZYDIS_MNEMONIC_STGI, kFlow, kMissesPrivilege},
    {ZYDIS_MNEMONIC_ENCLV, kFlow, kMissesPrivilege},
    {ZYDIS_MNEMONIC_ENQCMDS, kFlow, kMissesPrivilege},
    {ZYDIS_MNEMONIC_LGDT, kFlow, kMissesPrivilege},
    {ZYDIS_MNEMONIC_MCOMMIT, kFlow, kMissesPrivilege},
    {ZYDIS_MNEMONIC_RSM, kFlow, kMissesPrivilege},
    {ZYDIS_MNEMONIC_SKINIT, kFlow, kMissesPrivilege},
    {ZYDIS_MNEMONIC_VMLOAD, kFlow, kMissesPrivilege},
    {ZYDIS_MNEMONIC_VMRUN, kFlow, kMissesPrivilege},
    {ZYDIS_MNEMONIC_VMSAVE, kFlow, kMissesPrivilege},

    {ZYDIS_MNEMONIC_CLRSSBSY, kFlagsWritten, kOtherFlags},
    {ZYDIS_MNEMONIC_RSTORSSP, kFlagsWritten, kOtherFlags},
    {ZYDIS_MNEMONIC_TESTUI, kFlagsWritten, kOtherFlags},
    {ZYDIS_MNEMONIC_RDPRU, kFlagsWritten, kOtherFlags},
    {ZYDIS_MNEMONIC_VPTEST, kFlagsWritten, kOtherFlags},
    {ZYDIS_MNEMONIC_VTESTPD, kFlagsWritten, kOtherFlags},
    {ZYDIS_MNEMONIC_VTESTPS, kFlagsWritten, kOtherFlags},

    {ZYDIS_MNEMONIC_CLDEMOTE, kMemoryRead, kHint},
    {ZYDIS_MNEMONIC_PREFETCH, kMemoryRead, kHint},
    {ZYDIS_MNEMONIC_PREFETCHNTA, kMemoryRead, kHint},
    {ZYDIS_MNEMONIC_PREFETCHT0, kMemoryRead, kHint},
    {ZYDIS_MNEMONIC_PREFETCHT1, kMemoryRead, kHint},
    {ZYDIS_MNEMONIC_PREFETCHT2, kMemoryRead, kHint},
    {ZYDIS_MNEMONIC_PREFETCHW, kMemoryRead, kHint},
    {ZYDIS_MNEMONIC_PREFETCHWT1, kMemoryRead, kHint},
    {ZYDIS_MNEMONIC_NOP, kMemoryRead | kRegsRead, kHint},

    {ZYDIS_MNEMONIC_BNDCL, kMemoryRead, kMpx},
    {ZYDIS_MNEMONIC_BNDCN, kMemoryRead, kMpx},
    {ZYDIS_MNEMONIC_BNDCU, kMemoryRead, kMpx},
    {ZYDIS_MNEMONIC_BNDLDX, kMemoryRead, kMpx},
    {ZYDIS_MNEMONIC_BNDSTX, kMemoryWritten, kMpx},

    {ZYDIS_MNEMONIC_ENTER, kMemoryRead, "a nesting level above zero copies frame pointers"},
    {ZYDIS_MNEMONIC_INCSSPD, kMemoryRead, "reads the shadow stack"},
    {ZYDIS_MNEMONIC_INCSSPQ, kMemoryRead, "reads the shadow stack"},
    {ZYDIS_MNEMONIC_CLZERO, kMemoryWritten, "its operand is rax, but it is a store"},
    {ZYDIS_MNEMONIC_ENQCMD, kMemoryWritten, "its destination is a register, but it is a store"},
    {ZYDIS_MNEMONIC_LSL, kRegsRead, "Zydis counts the destination, written or not, as read"},
    {ZYDIS_MNEMONIC_XLAT, kRegsRead, "Zydis misses al, the index"},
    {ZYDIS_MNEMONIC_LWPINS, kRegsRead | kRegsWritten, "Zydis takes the source for a destination"},
    {ZYDIS_MNEMONIC_LWPVAL, kRegsRead | kRegsWritten, "Zydis takes the source for a destination"},
    {ZYDIS_MNEMONIC_PAUSE, kRegsRead | kRegsWritten, "with REX.B, xchg on AMD"},
};

inline const KnownDifference* find_known(ZydisMnemonic mnemonic, u32 fields) {
  for (const KnownDifference& known : kKnownDifferences) {
    if (known.mnemonic == mnemonic && (fields & ~known.fields) == 0) return &known;
  }
  return nullptr;
}

// Zydis accepts fewer bytes than we do, on purpose.
inline bool may_be_valid(const Insn& ours) {
  // We do not judge masks, vector lengths and W; and APX (REX2) is newer than Zydis 4.0.
  if (ours.encoding != Encoding::kLegacy) return true;
  if (ours.map != Map::k0f) return false;
  // MPX forms that are invalid with MPX are nops without it.
  if (ours.opcode == 0x1a || ours.opcode == 0x1b) return true;
  // mov to and from control registers that do not exist: #UD or #GP, it is privileged either way.
  return ours.opcode >= 0x20 && ours.opcode <= 0x23 && ours.flow == Flow::kPrivileged;
}

// xor, sub and sbb of a register with itself: Zydis has it read, to us the result does not depend
// on it.
inline bool is_zero_idiom(const Insn& ours, const Facts& zydis) {
  const bool opcode =
      (ours.opcode >= 0x18 && ours.opcode <= 0x1b) || (ours.opcode >= 0x28 && ours.opcode <= 0x33);
  return ours.map == Map::kPrimary && opcode && (ours.modrm >> 6) == 3 &&
         ((ours.modrm >> 3 ^ ours.modrm) & 7) == 0 && ours.regs_read == 0 &&
         zydis.regs_read == ours.regs_written;
}

// SIB with mod 0 and base 5 has no base register, whatever REX.B says. Zydis overlooks that when
// the address size is 32 and REX.B makes it r13d.
inline bool is_r13d_without_base(const Insn& ours, const Facts& zydis) {
  return ours.address_size_prefix && ours.sib_offset != kAbsent && (ours.sib & 7) == 5 &&
         (ours.modrm >> 6) == 0 && (ours.rex & 1) &&
         (ours.regs_read | set_of(kR13)) == zydis.regs_read;
}

// In 32-bit mode W of vpcmpestri is ignored; Zydis takes rax and rdx for other registers.
inline bool is_wide_estri(const Facts& zydis) {
  return zydis.mnemonic == ZYDIS_MNEMONIC_VPCMPESTRI || zydis.mnemonic == ZYDIS_MNEMONIC_VPCMPESTRM;
}

// What is left of `fields` after everything that is known.
inline u32 unexplained(u32 fields, const Insn& ours, const Facts& zydis, Mode mode) {
  if (fields == 0 || zydis.xeon_phi) return 0;
  if (!zydis.valid) return may_be_valid(ours) ? 0 : fields;
  if (is_r13d_without_base(ours, zydis) || is_zero_idiom(ours, zydis) ||
      (mode == Mode::k32 && is_wide_estri(zydis))) {
    fields &= ~kRegsRead;
  }
  return find_known(zydis.mnemonic, fields) ? 0 : fields;
}

}  // namespace tiptoe::x86::oracle
