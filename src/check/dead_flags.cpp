#include "check/dead_flags.h"

#include <Zydis/Zydis.h>

namespace tiptoe::check {
namespace {

// Shifts and rotates by a variable count, and repeated string instructions, may leave the flags alone.
bool may_leave_flags(const ZydisDecodedInstruction& insn, const ZydisDecodedOperand* operands) {
  constexpr u64 kRepeats = ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE;
  if ((insn.attributes & kRepeats) != 0) return true;
  if (insn.meta.category != ZYDIS_CATEGORY_SHIFT && insn.meta.category != ZYDIS_CATEGORY_ROTATE) {
    return false;
  }
  for (unsigned i = 0; i < insn.operand_count; ++i) {
    if (operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
        operands[i].reg.value == ZYDIS_REGISTER_CL) {
      return true;
    }
  }
  return insn.raw.imm[0].size != 0 && insn.raw.imm[0].value.u == 0;
}

}  // namespace

u64 live_flags(std::span<const u8> bytes, u64 flags) {
  ZydisDecoder decoder;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  for (size_t at = 0; at < bytes.size() && flags != 0;) {
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, &bytes[at], bytes.size() - at, &insn,
                                             operands))) {
      return flags;
    }
    const ZydisAccessedFlags* used = insn.cpu_flags;
    if (used != nullptr) {
      if ((used->tested & flags) != 0) return flags;
      if (!may_leave_flags(insn, operands)) {
        flags &= ~u64{used->modified | used->set_0 | used->set_1 | used->undefined};
      }
    }
    const bool branches = insn.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE;
    if (flags != 0 && (branches || insn.mnemonic == ZYDIS_MNEMONIC_SYSCALL)) return flags;
    at += insn.length;
  }
  return flags;
}

}  // namespace tiptoe::check
