// What Zydis says about an instruction, in the terms of x86::Insn, and where the two disagree.
#pragma once

#include <Zydis/Zydis.h>

#include <span>
#include <string>

#include "arch/x86/decode.h"

namespace tiptoe::x86::oracle {

// The facts that both decoders state.
struct Facts {
  bool valid = false;
  unsigned length = 0;
  Flow flow = Flow::kNext;
  bool relative_branch = false;
  i64 branch_offset = 0;
  bool rip_relative = false;
  i64 disp = 0;
  FlagSet flags_read = 0, flags_written = 0;
  GprSet regs_read = 0, regs_written = 0;
  bool reads_memory = false, writes_memory = false;
  ZydisMnemonic mnemonic = ZYDIS_MNEMONIC_INVALID;
  bool xeon_phi = false;  // first-generation Xeon Phi (KNC), which nothing else runs
};

enum Field : u32 {
  kValidity = 1 << 0,
  kLength = 1 << 1,
  kFlow = 1 << 2,
  kBranch = 1 << 3,
  kRipRelative = 1 << 4,
  kFlagsRead = 1 << 5,
  kFlagsWritten = 1 << 6,
  kRegsRead = 1 << 7,
  kRegsWritten = 1 << 8,
  kMemoryRead = 1 << 9,
  kMemoryWritten = 1 << 10,
  kKilled = 1 << 11,  // killed what is not written
  kEffects = kFlagsRead | kFlagsWritten | kRegsRead | kRegsWritten | kMemoryRead | kMemoryWritten,
};

class Oracle {
 public:
  explicit Oracle(Mode mode) : mode_(mode) {
    const bool is64 = mode == Mode::k64;
    ZydisDecoderInit(&decoder_, is64 ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LEGACY_32,
                     is64 ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32);
  }

  Facts decode(std::span<const u8> bytes) const {
    Facts facts;
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    if (ZYAN_FAILED(
            ZydisDecoderDecodeFull(&decoder_, bytes.data(), bytes.size(), &insn, operands))) {
      return facts;
    }
    facts.valid = true;
    facts.length = insn.length;
    facts.mnemonic = insn.mnemonic;
    facts.xeon_phi = is_xeon_phi(insn);
    facts.flow = flow_of(insn);
    if (const ZydisAccessedFlags* flags = insn.cpu_flags) {
      facts.flags_read = flags->tested;
      facts.flags_written = flags->modified | flags->set_0 | flags->set_1 | flags->undefined;
    }
    for (unsigned i = 0; i < insn.operand_count; ++i) add_operand(operands[i], facts);
    facts.disp = insn.raw.disp.value;
    return facts;
  }

 private:
  GprSet gpr(ZydisRegister reg) const {
    const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(decoder_.machine_mode, reg);
    const ZydisRegisterClass kind = ZydisRegisterGetClass(whole);
    if (kind != ZYDIS_REGCLASS_GPR64 && kind != ZYDIS_REGCLASS_GPR32) return 0;
    return GprSet{1} << ZydisRegisterGetId(whole);
  }

  void add_operand(const ZydisDecodedOperand& operand, Facts& facts) const {
    const bool reads = operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ;
    const bool writes = operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
    switch (operand.type) {
      case ZYDIS_OPERAND_TYPE_REGISTER:
        if (reads) facts.regs_read |= gpr(operand.reg.value);
        if (writes) facts.regs_written |= gpr(operand.reg.value);
        return;
      case ZYDIS_OPERAND_TYPE_MEMORY:
        facts.regs_read |= gpr(operand.mem.base) | gpr(operand.mem.index);
        facts.rip_relative |=
            operand.mem.base == ZYDIS_REGISTER_RIP || operand.mem.base == ZYDIS_REGISTER_EIP;
        if (operand.mem.type == ZYDIS_MEMOP_TYPE_AGEN) return;
        facts.reads_memory |= reads;
        facts.writes_memory |= writes;
        return;
      case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        if (!operand.imm.is_relative) return;
        facts.relative_branch = true;
        facts.branch_offset = operand.imm.value.s;
        return;
      default:
        return;
    }
  }

  static bool is_xeon_phi(const ZydisDecodedInstruction& insn) {
    if (insn.encoding == ZYDIS_INSTRUCTION_ENCODING_MVEX) return true;
    switch (insn.meta.isa_ext) {
      case ZYDIS_ISA_EXT_KNC:
      case ZYDIS_ISA_EXT_KNCE:
      case ZYDIS_ISA_EXT_KNCV:
        return true;
      default:
        return false;
    }
  }

  static bool is_far(const ZydisDecodedInstruction& insn) {
    return insn.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
  }
  static bool is_direct(const ZydisDecodedInstruction& insn) { return insn.raw.imm[0].is_relative; }

  static Flow flow_of(const ZydisDecodedInstruction& insn) {
    switch (insn.mnemonic) {
      case ZYDIS_MNEMONIC_JMP:
        return is_far(insn) ? Flow::kFarJmp : is_direct(insn) ? Flow::kJmp : Flow::kJmpIndirect;
      case ZYDIS_MNEMONIC_CALL:
        return is_far(insn) ? Flow::kFarCall : is_direct(insn) ? Flow::kCall : Flow::kCallIndirect;
      case ZYDIS_MNEMONIC_RET:
        return is_far(insn) ? Flow::kFarRet : Flow::kRet;
      case ZYDIS_MNEMONIC_LOOP:
      case ZYDIS_MNEMONIC_LOOPE:
      case ZYDIS_MNEMONIC_LOOPNE:
        return Flow::kLoop;
      case ZYDIS_MNEMONIC_JCXZ:
      case ZYDIS_MNEMONIC_JECXZ:
      case ZYDIS_MNEMONIC_JRCXZ:
        return Flow::kJrcxz;
      case ZYDIS_MNEMONIC_IRET:
      case ZYDIS_MNEMONIC_IRETD:
      case ZYDIS_MNEMONIC_IRETQ:
      case ZYDIS_MNEMONIC_UIRET:
        return Flow::kIret;
      case ZYDIS_MNEMONIC_SYSCALL:
        return Flow::kSyscall;
      case ZYDIS_MNEMONIC_SYSENTER:
        return Flow::kSysenter;
      case ZYDIS_MNEMONIC_INT:
        return Flow::kInt;
      case ZYDIS_MNEMONIC_INT3:
        return Flow::kInt3;
      case ZYDIS_MNEMONIC_INT1:
        return Flow::kInt1;
      case ZYDIS_MNEMONIC_INTO:
        return Flow::kInto;
      case ZYDIS_MNEMONIC_UD0:
      case ZYDIS_MNEMONIC_UD1:
      case ZYDIS_MNEMONIC_UD2:
        return Flow::kTrap;
      case ZYDIS_MNEMONIC_XBEGIN:
        return Flow::kXbegin;
      default:
        break;
    }
    if (insn.meta.category == ZYDIS_CATEGORY_COND_BR && is_direct(insn)) return Flow::kJcc;
    return insn.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED ? Flow::kPrivileged : Flow::kNext;
  }

  Mode mode_;
  ZydisDecoder decoder_;
};

// The flags that liveness is about; IOPL, VM, RF and the like are the kernel's business.
constexpr FlagSet kComparedFlags = kStatusFlags | kDf;

// Described as doing anything to anything, which is never wrong: system calls, traps, privileged
// and unknown instructions.
inline bool is_opaque(const Insn& insn) {
  return insn.regs_read == 0xffffffff && insn.regs_written == 0xffffffff;
}

// The fields in which `ours` differs from what Zydis says about the same bytes.
inline u32 differences(bool decoded, const Insn& ours, const Facts& zydis) {
  const bool accepted = decoded && ours.valid && ours.known;
  if (!zydis.valid) return accepted ? u32{kValidity} : 0;
  u32 fields = 0;
  // ud2 is an instruction to Zydis, and the way to raise #UD to us.
  if (!accepted && !(decoded && ours.flow == Flow::kTrap)) fields |= kValidity;
  if (!decoded) return fields;
  if (ours.length != zydis.length) fields |= kLength;
  if (ours.flow != zydis.flow) fields |= kFlow;
  if (zydis.relative_branch && ours.branch_offset != zydis.branch_offset) fields |= kBranch;
  if (ours.rip_relative != zydis.rip_relative || ours.disp != zydis.disp) fields |= kRipRelative;
  if (is_opaque(ours)) return fields;
  if ((ours.flags_read ^ zydis.flags_read) & kComparedFlags) fields |= kFlagsRead;
  if ((ours.flags_written ^ zydis.flags_written) & kComparedFlags) fields |= kFlagsWritten;
  if (ours.regs_read != zydis.regs_read) fields |= kRegsRead;
  if (ours.regs_written != zydis.regs_written) fields |= kRegsWritten;
  if (ours.reads_memory != zydis.reads_memory) fields |= kMemoryRead;
  if (ours.writes_memory != zydis.writes_memory) fields |= kMemoryWritten;
  if ((ours.regs_killed & ~ours.regs_written) || (ours.flags_killed & ~ours.flags_written)) {
    fields |= kKilled;
  }
  return fields;
}

}  // namespace tiptoe::x86::oracle
