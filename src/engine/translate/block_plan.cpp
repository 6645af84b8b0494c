#include "engine/translate/block_plan.h"

#include "arch/x86/processor.h"
#include "engine/context/safe_copy.h"

namespace tiptoe::engine {
namespace {

using x86::Flow;

// How many conditional branches a block may run on through.
constexpr unsigned kMaxBranches = 8;

class Planner {
 public:
  Planner(const sys::Held& held, const AddressSpace& space, const BlockTable& blocks,
          RseqSections& rseq, const PlanOptions& options, BlockPlan& plan)
      : held_(held), space_(space), blocks_(blocks), rseq_(rseq), options_(options), plan_(plan) {}

  void run() {
    while (plan_.insn_count < kMaxBlockInsns) {
      if (reached_another_block() || !fetch()) {
        if (plan_.insn_count != 0) fall_through();
        return;
      }
      if (!take()) return;
    }
    fall_through();
  }

 private:
  bool reached_another_block() const {
    return plan_.insn_count != 0 &&
           (blocks_.find(held_, next_pc()) != nullptr || rseq_.is_boundary(next_pc()));
  }
  AppPc next_pc() const { return plan_.start + plan_.app_bytes; }
  const AppInsn& last() const { return plan_.insns[plan_.insn_count - 1]; }

  // Reads and decodes the instruction at next_pc().
  bool fetch() {
    u8* bytes = &plan_.bytes[plan_.app_bytes];
    bool may_change = false;
    const u64 readable = executable_bytes(raw(next_pc()), wanted_bytes(), may_change);
    if (plan_.insn_count != 0 && may_change != plan_.checked) return false;
    plan_.checked = may_change;
    const u64 got =
        readable - safe_copy(bytes, reinterpret_cast<const void*>(raw(next_pc())), readable);
    AppInsn& app = plan_.insns[plan_.insn_count];
    app.insn = {};
    if (got == 0) return false;
    if (!x86::decode({bytes, got}, x86::Mode::k64, app.insn)) {
      if (got < x86::kMaxInsnBytes) return false;  // runs into memory that cannot be executed
    }
    if (app.insn.encoding == x86::Encoding::kRex2 && !x86::has_apx()) app.insn.valid = false;
    app.bytes = {bytes, app.insn.length};
    app.pc = next_pc();
    app.app_offset = static_cast<u16>(plan_.app_bytes);
    app.index = static_cast<u16>(plan_.insn_count);
    ++plan_.insn_count;
    plan_.app_bytes += app.insn.length;
    if (rseq_.enabled()) {
      if (const u64 made = made_address(app.insn, app.pc)) rseq_.consider(held_, space_, made);
    }
    return true;
  }

  // How many bytes to read for the next instruction. A page that has to be waited for is not
  // touched before an instruction on it is due: the first one has been read already.
  u64 wanted_bytes() const {
    const u64 on_page = kPageBytes - raw(next_pc()) % kPageBytes;
    const bool any = plan_.insn_count == 0 || !space_.pages_may_wait();
    return any || on_page > x86::kMaxInsnBytes ? x86::kMaxInsnBytes : on_page;
  }

  // How many of `wanted` bytes at `address` can be executed, and whether any of them may change
  // unseen.
  u64 executable_bytes(u64 address, u64 wanted, bool& may_change) const {
    u64 got = 0;
    while (got < wanted) {
      const CodeRange* range = space_.find_code(held_, address + got);
      if (range == nullptr) break;
      may_change |= space_.may_change_unseen(*range);
      got = range->end - address;
    }
    return got < wanted ? got : wanted;
  }

  void add_exit(ExitKind kind, AppPc target, Entry role = Entry::kBody) {
    plan_.exits[plan_.exit_count++] = {kind, target, last().index, role};
  }
  void fall_through() { add_exit(ExitKind::kFallthrough, next_pc()); }

  // Decides what the instruction just fetched means for the block. False: the block ends with it.
  bool take() {
    const x86::Insn& insn = last().insn;
    has_read_ |= insn.reads_memory;
    const AppPc target = next_pc() + insn.branch_offset;
    if (!insn.valid) return end_with_fall_through();  // copied, to raise #UD
    switch (insn.flow) {
      case Flow::kInt:
        if (is_int80(insn)) {
          add_exit(ExitKind::kSyscall, next_pc());
          return false;
        }
        [[fallthrough]];
      case Flow::kNext:
        // The runtime executes it.
        if (!can_relocate(last(), options_.cursor_stolen, options_.has_fsgsbase)) {
          add_exit(ExitKind::kOther, next_pc());
          return false;
        }
        // What comes behind is executed with the trap flag, if the program has just set it.
        if (insn.special == x86::Special::kPopf) return end_with_fall_through();
        // A store may change code that comes next: what follows is compared when it is entered.
        if (plan_.checked && insn.writes_memory) return end_with_fall_through();
        return true;
      case Flow::kJcc:
      case Flow::kLoop:
      case Flow::kJrcxz:
        add_exit(ExitKind::kBranch, target);
        if (runs_on_through_branch()) return true;
        add_exit(ExitKind::kNotTaken, next_pc());
        return false;
      case Flow::kJmp:
      case Flow::kXbegin:
        add_exit(ExitKind::kJmp, target);
        return false;
      case Flow::kCall:
        // call to the next instruction is a way to read the pc, not a call that returns.
        plan_.has_landing = options_.real_calls && insn.branch_offset != 0;
        add_exit(ExitKind::kCall, target, plan_.has_landing ? Entry::kDrop : Entry::kBody);
        return false;
      case Flow::kJmpIndirect:
        add_exit(ExitKind::kJmpIndirect, AppPc{0}, Entry::kIndirect);
        return false;
      case Flow::kCallIndirect:
        plan_.has_landing = options_.real_calls;
        add_exit(ExitKind::kCallIndirect, AppPc{0}, Entry::kIndirect);
        return false;
      case Flow::kRet:
        add_exit(ExitKind::kRet, AppPc{0}, Entry::kIndirect);
        return false;
      case Flow::kSyscall:
        add_exit(ExitKind::kSyscall, next_pc());
        return false;
      case Flow::kFarJmp:
      case Flow::kFarCall:
      case Flow::kFarRet:
      case Flow::kIret:
      case Flow::kSysenter:
        add_exit(ExitKind::kOther, AppPc{0});
        return false;
      case Flow::kInt3:
      case Flow::kInt1:
      case Flow::kInto:
      case Flow::kTrap:
      case Flow::kPrivileged:
        return end_with_fall_through();
    }
    return false;
  }

  // What was read may say that the code behind the branch has been changed by another thread: what
  // follows is compared when it is entered.
  bool runs_on_through_branch() const {
    return plan_.exit_count < kMaxBranches && plan_.insn_count < kMaxBlockInsns &&
           !options_.ends_at_branches && !(plan_.checked && has_read_);
  }

  bool end_with_fall_through() {
    fall_through();
    return false;
  }

  const sys::Held& held_;
  const AddressSpace& space_;
  const BlockTable& blocks_;
  RseqSections& rseq_;
  const PlanOptions& options_;
  bool has_read_ = false;  // memory, by an instruction of the block
  BlockPlan& plan_;
};

}  // namespace

bool plan_block(const sys::Held& held, const AddressSpace& space, const BlockTable& blocks,
                RseqSections& rseq, AppPc pc, const PlanOptions& options, BlockPlan& plan) {
  plan.start = pc;
  plan.app_bytes = 0;
  plan.insn_count = 0;
  plan.exit_count = 0;
  plan.has_landing = false;
  plan.checked = false;
  Planner(held, space, blocks, rseq, options, plan).run();
  if (options.trust_threshold == 0) plan.checked = false;
  return plan.insn_count != 0;
}

}  // namespace tiptoe::engine
