#include "check/native_block.h"

#include <Zydis/Zydis.h>

#include <array>

namespace tiptoe::check {
namespace {

constexpr u64 kTrapFlag = 1 << 8, kDirectionFlag = 1 << 10;
// What images of the floating-point unit take. Of xsave only what holds the last instruction's
// address and the bitmaps of what was in use; registers beyond are compared like all other memory.
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
    case ZYDIS_REGISTER_RAX:
      value = r.rax;
      break;
    case ZYDIS_REGISTER_RCX:
      value = r.rcx;
      break;
    case ZYDIS_REGISTER_RDX:
      value = r.rdx;
      break;
    case ZYDIS_REGISTER_RBX:
      value = r.rbx;
      break;
    case ZYDIS_REGISTER_RSP:
      value = r.rsp;
      break;
    case ZYDIS_REGISTER_RBP:
      value = r.rbp;
      break;
    case ZYDIS_REGISTER_RSI:
      value = r.rsi;
      break;
    case ZYDIS_REGISTER_RDI:
      value = r.rdi;
      break;
    case ZYDIS_REGISTER_R8:
      value = r.r8;
      break;
    case ZYDIS_REGISTER_R9:
      value = r.r9;
      break;
    case ZYDIS_REGISTER_R10:
      value = r.r10;
      break;
    case ZYDIS_REGISTER_R11:
      value = r.r11;
      break;
    case ZYDIS_REGISTER_R12:
      value = r.r12;
      break;
    case ZYDIS_REGISTER_R13:
      value = r.r13;
      break;
    case ZYDIS_REGISTER_R14:
      value = r.r14;
      break;
    case ZYDIS_REGISTER_R15:
      value = r.r15;
      break;
    default:
      return 0;
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
  constexpr u64 kRepeats = ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE;
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

bool decode(std::span<const u8> bytes, Decoded& out) {
  return ZYAN_SUCCESS(
      ZydisDecoderDecodeFull(&decoder(), bytes.data(), bytes.size(), &out.insn, out.operands));
}

bool is_written_memory(const ZydisDecodedOperand& operand) {
  return operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.type == ZYDIS_MEMOP_TYPE_MEM &&
         (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
}

bool is_written_register(const ZydisDecodedOperand& operand) {
  return operand.type == ZYDIS_OPERAND_TYPE_REGISTER &&
         (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
}

bool is_push(const ZydisDecodedOperand& operand) {
  return operand.visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
         operand.mem.base == ZYDIS_REGISTER_RSP;
}

bool is_direct(const Decoded& d) {
  return d.insn.raw.imm[0].size != 0;
}

// What an instruction is to the path of the block.
enum class Way { kStraight, kConditional, kJump, kCall, kRet, kOther };

Way way_of(const Decoded& d) {
  switch (d.insn.meta.category) {
    case ZYDIS_CATEGORY_COND_BR:
      return Way::kConditional;
    case ZYDIS_CATEGORY_UNCOND_BR:
      return d.insn.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR ? Way::kOther : Way::kJump;
    case ZYDIS_CATEGORY_CALL:
      return d.insn.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR ? Way::kOther : Way::kCall;
    case ZYDIS_CATEGORY_RET:
      return d.insn.mnemonic == ZYDIS_MNEMONIC_RET &&
                     d.insn.meta.branch_type != ZYDIS_BRANCH_TYPE_FAR
                 ? Way::kRet
                 : Way::kOther;
    case ZYDIS_CATEGORY_INTERRUPT:
    case ZYDIS_CATEGORY_SYSCALL:
    case ZYDIS_CATEGORY_SYSRET:
    case ZYDIS_CATEGORY_SYSTEM:
      return Way::kOther;
    default:
      return Way::kStraight;
  }
}

// A stretch of the block that the twin executes in one go: at most one branch, at its end.
// Registers are those at its beginning, the stack pointer followed through pushes and the like, so
// that the addresses of stores are known without stopping.
class Stretch {
 public:
  explicit Stretch(const Registers& start) : registers_(start) {}

  // Whether the address of everything that the instruction writes is known.
  bool knows_writes_of(const Decoded& d) const {
    for (unsigned i = 0; i < d.insn.operand_count; ++i) {
      const ZydisDecodedOperand& operand = d.operands[i];
      if (!is_written_memory(operand)) continue;
      if (is_changed(operand.mem.base) || is_changed(operand.mem.index)) return false;
      if (segments_changed_ && operand.mem.segment >= ZYDIS_REGISTER_FS) return false;
    }
    return true;
  }

  // The registers as they are before the instruction at `pc`, as far as they are known.
  const Registers& at(u64 pc) {
    registers_.rip = pc;
    return registers_;
  }

  void execute(const Decoded& d) {
    const bool moves_known = move_stack_pointer(d);
    for (unsigned i = 0; i < d.insn.operand_count; ++i) {
      const ZydisDecodedOperand& operand = d.operands[i];
      if (!is_written_register(operand)) continue;
      if (bit(operand.reg.value) == bit(ZYDIS_REGISTER_RSP) && moves_known) continue;
      changed_ |= bit(operand.reg.value);
    }
    if (d.insn.mnemonic == ZYDIS_MNEMONIC_WRFSBASE || d.insn.mnemonic == ZYDIS_MNEMONIC_WRGSBASE) {
      segments_changed_ = true;
    }
  }

 private:
  static u32 bit(ZydisRegister reg) {
    const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    const bool general = whole >= ZYDIS_REGISTER_RAX && whole <= ZYDIS_REGISTER_R15;
    return general ? 1u << (whole - ZYDIS_REGISTER_RAX) : 0;
  }
  bool is_changed(ZydisRegister reg) const { return (changed_ & bit(reg)) != 0; }

  // push, pop, and adding a constant. False: something else.
  bool move_stack_pointer(const Decoded& d) {
    const ZydisDecodedOperand& last = d.operands[1];
    const bool is_rsp = d.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
                        d.operands[0].reg.value == ZYDIS_REGISTER_RSP;
    switch (d.insn.mnemonic) {
      case ZYDIS_MNEMONIC_PUSH:
        registers_.rsp -= d.insn.operand_width / 8;
        return true;
      case ZYDIS_MNEMONIC_POP:
        registers_.rsp += d.insn.operand_width / 8;
        return !is_rsp;
      case ZYDIS_MNEMONIC_SUB:
      case ZYDIS_MNEMONIC_ADD:
        if (!is_rsp || last.type != ZYDIS_OPERAND_TYPE_IMMEDIATE) return false;
        registers_.rsp +=
            d.insn.mnemonic == ZYDIS_MNEMONIC_ADD ? last.imm.value.u : -last.imm.value.u;
        return true;
      default:
        return false;
    }
  }

  Registers registers_;
  u32 changed_ = 0;
  bool segments_changed_ = false;
};

class Runner {
 public:
  Runner(Twin& twin, const BlockSpan& block, u64 next_pc, const std::optional<Goal>& goal)
      : twin_(twin), block_(block), next_pc_(next_pc), goal_(goal), bytes_(block.bytes) {
    twin.memory().read(block.pc, bytes_);
  }

  NativeRun run() {
    while (run_.instructions < block_.instructions && !at_goal() && find(now_, pc())) {
      if (!(goal_ ? step() : go())) break;
    }
    return std::move(run_);
  }

 private:
  u64 pc() const { return twin_.registers().rip; }
  bool at_goal() const { return goal_ && pc() == goal_->pc && twin_.registers().rcx == goal_->rcx; }

  // The instruction of the block at `at`. False: the block has none there that is to be executed.
  bool find(Decoded& d, u64 at) {
    const u64 offset = at - block_.pc;
    if (offset >= bytes_.size()) return false;
    // Newer than Zydis, or invalid: executed without knowing what it writes.
    known_ = decode({&bytes_[offset], bytes_.size() - offset}, d);
    if (!known_) return true;
    if (d.insn.mnemonic == ZYDIS_MNEMONIC_INT) run_.interrupt = true;
    return d.insn.mnemonic != ZYDIS_MNEMONIC_SYSCALL && !run_.interrupt;
  }

  // --- many instructions in one go ---

  // False: the block has been left, or its end is reached.
  bool go() {
    const u64 start = pc();
    Stretch stretch(twin_.registers());
    std::vector<Range> written;
    u64 at = start, count = 0;
    std::vector<u64> stops;
    LastBranch last = LastBranch::kOther;
    bool straight_conditional = false;
    u64 straight_on = 0;
    for (;; now_ = next_) {
      if (!can_run_in_one_go(stretch) || run_.instructions + count == block_.instructions) break;
      const Way way = way_of(now_);
      straight_on = at + now_.insn.length;
      std::vector<u64> successors;
      if (way != Way::kStraight) {
        successors = successors_of(way, stretch.at(at), count == 0);
        if (!can_stop(successors, start, at)) break;
        straight_conditional = way == Way::kConditional;
        last = last_branch();
      }
      note(stretch.at(at), written);
      stretch.execute(now_);
      ++count;
      at = straight_on;
      if (way != Way::kStraight) {
        stops = std::move(successors);
        break;
      }
      if (!find(next_, at) || !known_) break;
    }
    run_.interrupt = false;  // found again when the twin is there
    if (count == 0) return find(now_, start) && step();
    if (stops.empty()) stops.push_back(at);
    if (!can_stop(stops, start, at - 1)) return find(now_, start) && step();

    run_.written.insert(run_.written.end(), written.begin(), written.end());
    run_.signal = twin_.run_to(stops);
    if (run_.signal != 0) return false;
    run_.instructions += count;
    run_.last = last;
    if (pc() != at) return false;
    return !(straight_conditional && next_pc_ == straight_on && stops.size() == 1);
  }

  bool can_run_in_one_go(const Stretch& stretch) const {
    return known_ && way_of(now_) != Way::kOther && !is_repeated(now_) &&
           !is_unpredictable(now_.insn.mnemonic) && unit_image_bytes(now_.insn.mnemonic) == 0 &&
           now_.insn.mnemonic != ZYDIS_MNEMONIC_PUSHFQ &&
           now_.insn.mnemonic != ZYDIS_MNEMONIC_PUSHF && stretch.knows_writes_of(now_);
  }

  // Where a branch may lead; empty when that is not known. `is_here`: all registers are known.
  std::vector<u64> successors_of(Way way, const Registers& r, bool is_here) const {
    const u64 next = r.rip + now_.insn.length;
    if (way != Way::kRet && is_direct(now_)) {
      const u64 target = next + static_cast<u64>(now_.insn.raw.imm[0].value.s);
      if (way != Way::kConditional || target == next) return {target};
      return {target, next};
    }
    if (!is_here || way == Way::kConditional) return {};
    const ZydisDecodedOperand& operand = now_.operands[0];
    if (way != Way::kRet && operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
      return {general_register(r, operand.reg.value)};
    }
    u64 target = 0;
    const u64 slot = way == Way::kRet ? r.rsp : effective_address(now_, operand.mem, r);
    const u64 got = twin_.memory().read(slot, {reinterpret_cast<u8*>(&target), sizeof target});
    if (got != sizeof target) return {};
    return {target};
  }

  // Breakpoints must not stand in the way of the stretch [start, end] itself.
  bool can_stop(const std::vector<u64>& stops, u64 start, u64 end) const {
    for (const u64 stop : stops) {
      if ((stop >= start && stop <= end) || !twin_.may_stop_at(stop)) return false;
    }
    return !stops.empty() && twin_.may_stop_at(start);
  }

  // --- one instruction ---

  // False: the block has been left.
  bool step() {
    if (!known_) return step_unknown();
    const u64 before = pc();
    const u64 straight_on = before + now_.insn.length;
    run_.last = last_branch();
    if (is_unpredictable(now_.insn.mnemonic)) run_.unpredictable = true;
    run_.signal = is_repeated(now_) ? step_repeated(straight_on) : step_once();
    if (run_.signal != 0 || (at_goal() && pc() == before)) return false;
    ++run_.instructions;
    if (now_.insn.mnemonic == ZYDIS_MNEMONIC_PUSHFQ || now_.insn.mnemonic == ZYDIS_MNEMONIC_PUSHF) {
      clear_pushed_trap_flag();
    }
    if (pc() != straight_on) return false;
    const bool branches_to_next = is_direct(now_) && now_.insn.raw.imm[0].value.s == 0;
    return !(way_of(now_) == Way::kConditional && branches_to_next && next_pc_ == straight_on);
  }

  bool step_unknown() {
    const u64 before = pc();
    run_.signal = twin_.step();
    if (run_.signal != 0) return false;
    ++run_.instructions;
    const u64 length = pc() - before;
    return length != 0 && length <= 15;
  }

  int step_once() {
    note(twin_.registers(), run_.written);
    return twin_.step();
  }

  int step_repeated(u64 straight_on) {
    const u64 before = pc();
    const Registers start = twin_.registers();
    if (!goal_ && twin_.may_stop_at(straight_on) && twin_.may_stop_at(before)) {
      const int signal = twin_.run_to({&straight_on, 1});
      note_string_writes(start);
      return signal;
    }
    while (pc() == before && !at_goal()) {
      const int signal = step_once();
      if (signal != 0) return signal;
    }
    return 0;
  }

  // --- what instructions do ---

  LastBranch last_branch() const {
    switch (way_of(now_)) {
      case Way::kCall:
        return is_direct(now_) ? LastBranch::kCall : LastBranch::kIndirectCall;
      case Way::kRet:  // ret with an immediate leaves by a jump
        return is_direct(now_) ? LastBranch::kIndirect : LastBranch::kRet;
      case Way::kJump:
        return is_direct(now_) ? LastBranch::kOther : LastBranch::kIndirect;
      default:
        return LastBranch::kOther;
    }
  }

  void note(const Registers& r, std::vector<Range>& written) {
    for (unsigned i = 0; i < now_.insn.operand_count; ++i) {
      const ZydisDecodedOperand& operand = now_.operands[i];
      if (!is_written_memory(operand)) continue;
      const u64 bytes = operand.size / 8;
      const u64 address =
          is_push(operand) ? r.rsp - bytes : effective_address(now_, operand.mem, r);
      if (const u64 image = unit_image_bytes(now_.insn.mnemonic)) {
        run_.unpredictable_memory.push_back({address, image});
      } else {
        written.push_back({address, bytes});
      }
    }
  }

  // The elements between where rdi was and where it is, of which an address may be only a half.
  void note_string_writes(const Registers& start) {
    const auto address = [&](u64 rdi) {
      return now_.insn.address_width == 32 ? static_cast<u32>(rdi) : rdi;
    };
    const bool down = (start.eflags & kDirectionFlag) != 0;
    const u64 before = address(start.rdi), after = address(twin_.registers().rdi);
    for (unsigned i = 0; i < now_.insn.operand_count; ++i) {
      const ZydisDecodedOperand& operand = now_.operands[i];
      if (!is_written_memory(operand)) continue;
      const u64 element = operand.size / 8;
      run_.written.push_back(down ? Range{address(after + element), address(before - after)}
                                  : Range{before, address(after - before)});
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
  Decoded next_{};
  bool known_ = false;  // of the one found last
  NativeRun run_;
};

}  // namespace

NativeRun run_block(Twin& twin, const BlockSpan& block, u64 next_pc,
                    const std::optional<Goal>& goal) {
  return Runner(twin, block, next_pc, goal).run();
}

}  // namespace tiptoe::check
