#include "check/native_block.h"

#include <Zydis/Zydis.h>

#include <array>

namespace tiptoe::check {
namespace {

constexpr u64 kTrapFlag = 1 << 8;
// Repeated string instructions with more iterations than this run at full speed to their end.
constexpr u64 kFewIterations = 4;
// What images of the floating-point unit take. Of xsave only what holds the last instruction's address
// and the bitmaps of what was in use; registers beyond are compared like all other memory.
constexpr u64 kFxsaveBytes = 512;
constexpr u64 kFnsaveBytes = 108;
constexpr u64 kXsaveBytes = 832;  // legacy region, header, AVX

struct Decoded {
  ZydisDecodedInstruction insn;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

const ZydisDecoder& decoder() {
  static const ZydisDecoder instance = [] {
    ZydisDecoder made;
    ZydisDecoderInit(&made, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    return made;
  }();
  return instance;
}

u64 general_register(const Registers& r, ZydisRegister reg) {
  const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
  u64 value = 0;
  switch (whole) {
    case ZYDIS_REGISTER_RAX: value = r.rax; break;
    case ZYDIS_REGISTER_RCX: value = r.rcx; break;
    case ZYDIS_REGISTER_RDX: value = r.rdx; break;
    case ZYDIS_REGISTER_RBX: value = r.rbx; break;
    case ZYDIS_REGISTER_RSP: value = r.rsp; break;
    case ZYDIS_REGISTER_RBP: value = r.rbp; break;
    case ZYDIS_REGISTER_RSI: value = r.rsi; break;
    case ZYDIS_REGISTER_RDI: value = r.rdi; break;
    case ZYDIS_REGISTER_R8: value = r.r8; break;
    case ZYDIS_REGISTER_R9: value = r.r9; break;
    case ZYDIS_REGISTER_R10: value = r.r10; break;
    case ZYDIS_REGISTER_R11: value = r.r11; break;
    case ZYDIS_REGISTER_R12: value = r.r12; break;
    case ZYDIS_REGISTER_R13: value = r.r13; break;
    case ZYDIS_REGISTER_R14: value = r.r14; break;
    case ZYDIS_REGISTER_R15: value = r.r15; break;
    default: return 0;
  }
  return ZydisRegisterGetWidth(ZYDIS_MACHINE_MODE_LONG_64, reg) == 32 ? static_cast<u32>(value)
                                                                      : value;
}

u64 segment_base(const Registers& r, ZydisRegister segment) {
  if (segment == ZYDIS_REGISTER_FS) return r.fs_base;
  return segment == ZYDIS_REGISTER_GS ? r.gs_base : 0;
}

u64 effective_address(const Decoded& d, const ZydisDecodedOperandMem& mem, const Registers& r) {
  u64 offset = mem.disp.has_displacement ? static_cast<u64>(mem.disp.value) : 0;
  if (mem.base == ZYDIS_REGISTER_RIP || mem.base == ZYDIS_REGISTER_EIP) {
    offset += r.rip + d.insn.length;
  } else {
    offset += general_register(r, mem.base);
  }
  offset += general_register(r, mem.index) * mem.scale;
  if (d.insn.address_width == 32) offset = static_cast<u32>(offset);
  return offset + segment_base(r, mem.segment);
}

bool is_repeated(const Decoded& d) {
  constexpr u64 kRepeats =
      ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE;
  return (d.insn.attributes & kRepeats) != 0;
}

// What an image of the floating-point unit takes; 0 for other instructions.
u64 unit_image_bytes(ZydisMnemonic mnemonic) {
  switch (mnemonic) {
    case ZYDIS_MNEMONIC_FNSTENV:
    case ZYDIS_MNEMONIC_FNSAVE:
      return kFnsaveBytes;
    case ZYDIS_MNEMONIC_FXSAVE:
    case ZYDIS_MNEMONIC_FXSAVE64:
      return kFxsaveBytes;
    case ZYDIS_MNEMONIC_XSAVE:
    case ZYDIS_MNEMONIC_XSAVE64:
    case ZYDIS_MNEMONIC_XSAVEC:
    case ZYDIS_MNEMONIC_XSAVEC64:
    case ZYDIS_MNEMONIC_XSAVEOPT:
    case ZYDIS_MNEMONIC_XSAVEOPT64:
      return kXsaveBytes;
    default:
      return 0;
  }
}

bool is_unpredictable(ZydisMnemonic mnemonic) {
  switch (mnemonic) {
    case ZYDIS_MNEMONIC_RDTSC:
    case ZYDIS_MNEMONIC_RDTSCP:
    case ZYDIS_MNEMONIC_RDRAND:
    case ZYDIS_MNEMONIC_RDSEED:
    case ZYDIS_MNEMONIC_RDPID:
    case ZYDIS_MNEMONIC_RDPMC:
    case ZYDIS_MNEMONIC_CPUID:
    case ZYDIS_MNEMONIC_XGETBV:
    case ZYDIS_MNEMONIC_XBEGIN:
      return true;
    default:
      return false;
  }
}

class Runner {
 public:
  Runner(Twin& twin, const BlockSpan& block, u64 next_pc, u64 doubtful_flags,
         const std::optional<Goal>& goal)
      : twin_(twin), block_(block), next_pc_(next_pc), goal_(goal), bytes_(block.bytes) {
    run_.doubtful_flags = doubtful_flags;
    twin.memory().read(block.pc, bytes_);
  }

  NativeRun run() {
    while (run_.instructions < block_.instructions && !at_goal() && decode() && execute()) {
    }
    return std::move(run_);
  }

 private:
  bool at_goal() const {
    return goal_ && twin_.registers().rip == goal_->pc && twin_.registers().rcx == goal_->rcx;
  }

  // False: nothing more is to be executed here.
  bool decode() {
    const u64 offset = twin_.registers().rip - block_.pc;
    if (offset >= bytes_.size()) return false;
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder(), &bytes_[offset], bytes_.size() - offset,
                                             &now_.insn, now_.operands))) {
      // Newer than Zydis, or invalid: executed without knowing what it writes.
      known_ = false;
      return true;
    }
    known_ = true;
    if (now_.insn.mnemonic == ZYDIS_MNEMONIC_SYSCALL) return false;
    if (now_.insn.mnemonic == ZYDIS_MNEMONIC_INT) run_.interrupt = true;
    return !run_.interrupt;
  }

  // False: the block has been left.
  bool execute() {
    if (!known_) return execute_unknown();
    const u64 pc = twin_.registers().rip;
    const u64 straight_on = pc + now_.insn.length;
    note_kind();
    if (run_.doubtful_flags != 0) watch_flags();
    run_.signal = is_repeated(now_) ? execute_repeated(straight_on) : execute_once();
    if (run_.signal != 0 || (at_goal() && twin_.registers().rip == pc)) return false;
    ++run_.instructions;
    if (now_.insn.mnemonic == ZYDIS_MNEMONIC_PUSHFQ || now_.insn.mnemonic == ZYDIS_MNEMONIC_PUSHF) {
      clear_pushed_trap_flag();
    }
    if (twin_.registers().rip != straight_on) return false;
    return !(now_.insn.meta.category == ZYDIS_CATEGORY_COND_BR && branches_to_next() &&
             next_pc_ == straight_on);
  }

  bool execute_unknown() {
    const u64 pc = twin_.registers().rip;
    run_.signal = twin_.step();
    if (run_.signal != 0) return false;
    ++run_.instructions;
    const u64 length = twin_.registers().rip - pc;
    return length != 0 && length <= 15;
  }

  void note_kind() {
    run_.last = last_branch();
    if (is_unpredictable(now_.insn.mnemonic)) run_.unpredictable = true;
  }

  LastBranch last_branch() const {
    const bool direct = now_.insn.raw.imm[0].size != 0;
    switch (now_.insn.meta.category) {
      case ZYDIS_CATEGORY_CALL:
        return direct ? LastBranch::kCall : LastBranch::kIndirectCall;
      case ZYDIS_CATEGORY_RET:  // ret with an immediate leaves by a jump
        return direct ? LastBranch::kIndirect : LastBranch::kRet;
      case ZYDIS_CATEGORY_UNCOND_BR:
        return direct ? LastBranch::kOther : LastBranch::kIndirect;
      default:
        return LastBranch::kOther;
    }
  }

  void watch_flags() {
    const ZydisAccessedFlags* used = now_.insn.cpu_flags;
    if (used == nullptr) return;
    if ((used->tested & run_.doubtful_flags) != 0 && run_.doubt_used_at == 0) {
      run_.doubt_used_at = twin_.registers().rip;
    }
    if (may_leave_flags()) return;
    run_.doubtful_flags &= ~u64{used->modified | used->set_0 | used->set_1 | used->undefined};
  }

  // Shifts and rotates by a variable count, and repeated string instructions, may not touch them.
  bool may_leave_flags() const {
    if (is_repeated(now_)) return true;
    const ZydisInstructionCategory category = now_.insn.meta.category;
    return (category == ZYDIS_CATEGORY_SHIFT || category == ZYDIS_CATEGORY_ROTATE) &&
           (now_.operands[1].type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
            now_.operands[1].imm.value.u == 0);
  }

  bool branches_to_next() const {
    return now_.insn.raw.imm[0].size != 0 && now_.insn.raw.imm[0].value.s == 0;
  }

  int execute_once() {
    note_writes();
    return twin_.step();
  }

  int execute_repeated(u64 straight_on) {
    const u64 pc = twin_.registers().rip;
    while (twin_.registers().rip == pc && !at_goal()) {
      const u64 before = twin_.registers().rdi;
      const bool many = twin_.registers().rcx > kFewIterations && !goal_;
      if (!many) note_writes();
      const int signal = many ? twin_.run_to(straight_on) : twin_.step();
      if (many) note_string_writes(before);
      if (signal != 0) return signal;
    }
    return 0;
  }

  // The elements between where rdi was and where it is.
  void note_string_writes(u64 before) {
    const u64 after = twin_.registers().rdi;
    for (unsigned i = 0; i < now_.insn.operand_count; ++i) {
      const ZydisDecodedOperand& operand = now_.operands[i];
      if (!is_written_memory(operand)) continue;
      const u64 element = operand.size / 8;
      run_.written.push_back(after >= before ? Range{before, after - before}
                                             : Range{after + element, before - after});
    }
  }

  static bool is_written_memory(const ZydisDecodedOperand& operand) {
    return operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.type == ZYDIS_MEMOP_TYPE_MEM &&
           (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
  }

  void note_writes() {
    const Registers& r = twin_.registers();
    for (unsigned i = 0; i < now_.insn.operand_count; ++i) {
      const ZydisDecodedOperand& operand = now_.operands[i];
      if (!is_written_memory(operand)) continue;
      const u64 bytes = operand.size / 8;
      const bool pushed = operand.visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
                          operand.mem.base == ZYDIS_REGISTER_RSP;
      const u64 address = pushed ? r.rsp - bytes : effective_address(now_, operand.mem, r);
      if (const u64 image = unit_image_bytes(now_.insn.mnemonic)) {
        run_.unpredictable_memory.push_back({address, image});
      } else {
        run_.written.push_back({address, bytes});
      }
    }
  }

  // Single-stepping shows in the flags that the twin pushes.
  void clear_pushed_trap_flag() {
    const u64 at = twin_.registers().rsp;
    u8 second[1] = {};
    twin_.memory().read(at + 1, second);
    second[0] &= static_cast<u8>(~(kTrapFlag >> 8));
    twin_.memory().write(at + 1, second);
  }

  Twin& twin_;
  const BlockSpan& block_;
  u64 next_pc_;
  const std::optional<Goal>& goal_;
  std::vector<u8> bytes_;
  Decoded now_{};
  bool known_ = false;
  NativeRun run_;
};

}  // namespace

NativeRun run_block(Twin& twin, const BlockSpan& block, u64 next_pc, u64 doubtful_flags,
                    const std::optional<Goal>& goal) {
  return Runner(twin, block, next_pc, doubtful_flags, goal).run();
}

}  // namespace tiptoe::check
