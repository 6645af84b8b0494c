#include "engine/translate/translate.h"

#include "base/memory.h"
#include "engine/event/record.h"
#include "engine/link/entries.h"
#include "engine/returns/returns.h"
#include "engine/translate/block_plan.h"
#include "engine/translate/evict.h"
#include "engine/trust/check.h"
#include "sys/fail.h"

namespace tiptoe::engine {
namespace {

using x86::Flow;
using x86::kRcx;

// The restartable sequence that a block is a part of, while it is translated.
struct SectionPart {
  const RseqSection& section;
  u32 slot;
  CachePc start{0};  // where the cache code of the section begins; set by its first block

  bool leads_inside(AppPc target) const {
    return target - section.start > 0 && target - section.end < 0;
  }
};

// Whether who comes by a lookup is known to be meant.
bool is_verified(const Core& core) {
  return core.indirects.has_wide_index();
}

// Emits one planned block: hot code straight through, stubs and records of taken branches in the
// cold.
class BlockEmitter {
 public:
  BlockEmitter(Core& core, const BlockPlan& plan, Block& block, SectionPart* section)
      : core_(core),
        plan_(plan),
        block_(block),
        hot_(core.cache, *block.unit, true, &block),
        cold_(core.cache, *block.unit, false, &block),
        context_{core.states, core.events.recording(), has_fsgsbase(core),
                 section != nullptr ? section->section.written : 0},
        section_(section) {}

  void emit(Entry first_role) {
    emit_stubs();
    if (first_role != Entry::kBody) {
      block_.entries[static_cast<unsigned>(first_role)] = hot_.emit.here();
      emit_entry(hot_, cold_, core_.states, block_, first_role, is_verified(core_));
    }
    block_.entries[static_cast<unsigned>(Entry::kBody)] = hot_.emit.here();
    if (plan_.checked) {
      emit_code_check(hot_, cold_, core_.states, block_, {plan_.bytes, plan_.app_bytes},
                      {core_.number_of(stale_exit(block_)),
                       block_.counted ? core_.number_of(trusted_exit(block_)) : 0,
                       static_cast<u32>(core_.trust_threshold)});
    }
    if (core_.check != nullptr) emit_check_point();
    if (section_ != nullptr && plan_.start == section_->section.start) emit_section_start();
    unsigned next_exit = 0;
    for (unsigned i = 0; i < plan_.insn_count; ++i) {
      align_next_branch(i);
      next_exit += emit_insn(plan_.insns[i], next_exit);
    }
    if (next_exit < plan_.exit_count) emit_fall_through(next_exit);
    hot_.commit();
    cold_.commit();
  }

 private:
  // The thread's struct rseq names our descriptor; the registers that instructions of the section
  // may borrow are kept for its abort.
  void emit_section_start() {
    constexpr u32 kCsOffset = 8;  // struct rseq::rseq_cs
    constexpr u8 kStoreBytes = 4;
    x86::Emitter& emit = hot_.emit;
    const auto note = [&](bool parked) {
      ParkedState state;
      if (parked) state.parked[0] = parked_in(kRcx, Spill::kCheck);
      if (parked) state.parked[1] = parked_in(x86::kRdx, Spill::kCheck2);
      hot_.mark(0, 0, core_.states.intern(state));
    };
    note(false);
    emit.mov_gs_r(spill_offset(Spill::kCheck), kRcx);
    emit.mov_gs_r(spill_offset(Spill::kCheck2), x86::kRdx);
    note(true);
    emit.mov_r_imm(x86::kRdx, reinterpret_cast<u64>(&core_.rseq.descriptor(section_->slot)));
    emit.mov_r_gs(kRcx, offsetof(ThreadState, rseq_area));
    emit.jrcxz_short(kStoreBytes);
    emit.mov_mem_r(kRcx, kCsOffset, x86::kRdx);
    emit.mov_r_gs(x86::kRdx, spill_offset(Spill::kCheck2));
    emit.mov_r_gs(kRcx, spill_offset(Spill::kCheck));
    note(false);
    unsigned save = 0;
    for (const x86::Gpr r : x86::kScratchRegisters) {
      const u32 at = static_cast<u32>(offsetof(ThreadState, rseq_saves) + 8 * save++);
      if ((section_->section.written & x86::set_of(r)) == 0) emit.mov_gs_r(at, r);
    }
    section_->start = emit.here();
  }

  // tiptoe run --check: the runtime compares the program with its native twin.
  void emit_check_point() {
    hot_.mark(0, 0, core_.states.intern(ParkedState()));
    hot_.emit.mov_gs_imm32(offsetof(ThreadState, exit_index), core_.number_of(block_.exits[0]));
    hot_.emit.jmp_gs(offsetof(ThreadState, enter_check_point));
    block_.after_check_point = hot_.emit.here();
  }

  // The branch behind this instruction will be patchable: padding comes in front of both, because a
  // processor makes one operation of a comparison and the branch next to it.
  void align_next_branch(unsigned i) {
    if (core_.events.recording() || i + 1 == plan_.insn_count) return;
    const AppInsn& app = plan_.insns[i];
    if (app.insn.flow != Flow::kNext || plan_.insns[i + 1].insn.flow != Flow::kJcc) return;
    const unsigned pad = hot_.emit.patchable_pad(app.insn.length + 2u);  // if it is copied as it is
    if (pad == 0) return;
    if (can_take_prefixes(app.insn)) {
      ParkedState state;
      state.app_fault = true;
      mark(hot_, app, state);
      hot_.emit.prefixes(pad);
    } else {
      mark_before(hot_, app);
      hot_.emit.nop(pad);
    }
  }

  // Arithmetic without prefixes, copied as it is: a segment prefix that 64-bit mode ignores may
  // stand in front of it.
  static bool can_take_prefixes(const x86::Insn& insn) {
    return insn.encoding == x86::Encoding::kLegacy && insn.map == x86::Map::kPrimary &&
           insn.legacy_prefix_count == 0 && insn.special == x86::Special::kNone && insn.known &&
           insn.valid && !insn.rip_relative && insn.modrm_offset != x86::kAbsent &&
           insn.length <= x86::kMaxInsnBytes - 3;
  }

  u32 landing_ordinal() const { return plan_.exit_count; }

  void mark(PieceWriter& writer, const AppInsn& app, const ParkedState& state) {
    writer.mark(app.app_offset, app.index, core_.states.intern(state));
  }
  void mark_before(PieceWriter& writer, const AppInsn& app) { mark(writer, app, ParkedState()); }
  void mark_exit(PieceWriter& writer, u32 ordinal, bool unrecorded = false) {
    ParkedState state = state_on_the_way(block_.exits[ordinal]);
    state.unrecorded = unrecorded && context_.cursor_stolen;
    writer.mark(ordinal, block_.exits[ordinal].instruction, core_.states.intern(state));
  }
  void record(PieceWriter& writer, const Exit& exit) {
    if (exit.flow_id != 0) emit_record(writer.emit, exit.flow_id);
  }

  static bool is_linkable(ExitKind kind) {
    switch (kind) {
      case ExitKind::kJmp:
      case ExitKind::kBranch:
      case ExitKind::kFallthrough:
      case ExitKind::kNotTaken:
      case ExitKind::kCall:
        return true;
      case ExitKind::kJmpIndirect:
      case ExitKind::kCallIndirect:
      case ExitKind::kRet:
      case ExitKind::kSyscall:
      case ExitKind::kOther:
        return false;
    }
    return false;
  }

  // What an unlinked exit leads to.
  void emit_stubs() {
    for (u32 i = 0; i < block_.exit_count; ++i) {
      Exit& exit = block_.exits[i];
      exit.stub = cold_.emit.here();
      if (exit.is_landing || is_linkable(exit.kind)) {
        mark_exit(cold_, i);
        cold_.emit.mov_gs_imm32(offsetof(ThreadState, exit_index), core_.number_of(exit));
        cold_.emit.jmp_gs(offsetof(ThreadState, enter_exit));
      }
    }
  }

  void emit_patchable_jump(PieceWriter& writer, u32 ordinal) {
    Exit& exit = block_.exits[ordinal];
    writer.emit.prefix_patchable();
    writer.emit.jmp(exit.stub);
    exit.site = writer.emit.here() + -4;
  }

  // Emits the instruction; returns how many planned exits it used up.
  unsigned emit_insn(const AppInsn& app, unsigned ordinal) {
    if (!app.insn.valid) {
      relocate(context_, app, hot_);
      return 0;
    }
    switch (app.insn.flow) {
      case Flow::kNext:
        if (ordinal < plan_.exit_count && plan_.exits[ordinal].kind == ExitKind::kOther &&
            plan_.exits[ordinal].instruction == app.index) {
          emit_to_runtime(app, ordinal, offsetof(ThreadState, enter_emulate));
          return 1;
        }
        if (core_.plant_fault && app.insn.imm == kPlantedFaultImmediate) return 0;
        relocate(context_, app, hot_);
        return 0;
      case Flow::kInt:
        if (is_int80(app.insn)) {
          emit_to_runtime(app, ordinal, offsetof(ThreadState, enter_emulate));
          return 1;
        }
        [[fallthrough]];
      case Flow::kInt3:
      case Flow::kInt1:
      case Flow::kInto:
      case Flow::kTrap:
      case Flow::kPrivileged:
        relocate(context_, app, hot_);
        return 0;
      case Flow::kJcc:
        emit_jcc(app, ordinal);
        return 1;
      case Flow::kLoop:
      case Flow::kJrcxz:
        emit_short_branch(app, ordinal);
        return 1;
      case Flow::kXbegin:  // an immediate abort: no reason given, so the program takes its other
                           // path
        mark_before(hot_, app);
        hot_.emit.mov_r_imm(x86::kRax, 0);
        emit_fall_through(ordinal);
        return 1;
      case Flow::kJmp:
        emit_jmp(app, ordinal);
        return 1;
      case Flow::kCall:
        emit_call(app, ordinal);
        return 1;
      case Flow::kJmpIndirect:
        emit_indirect_target(app);
        record(hot_, block_.exits[ordinal]);
        emit_indirect_jump(ordinal);
        return 1;
      case Flow::kCallIndirect:
        emit_indirect_call(app, ordinal);
        return 1;
      case Flow::kRet:
        emit_ret(app, ordinal);
        return 1;
      case Flow::kSyscall:
        emit_to_runtime(app, ordinal, offsetof(ThreadState, enter_syscall));
        return 1;
      case Flow::kFarJmp:
      case Flow::kFarCall:
      case Flow::kFarRet:
      case Flow::kIret:
      case Flow::kSysenter:
        emit_to_runtime(app, ordinal, offsetof(ThreadState, enter_emulate));
        return 1;
    }
    return 0;
  }

  u32 exit_index(u32 ordinal) const { return core_.number_of(block_.exits[ordinal]); }

  // The runtime executes the instruction, and records the exit when it has.
  void emit_to_runtime(const AppInsn& app, u32 ordinal, u64 entry) {
    mark_before(hot_, app);
    hot_.emit.mov_gs_imm32(offsetof(ThreadState, exit_index), exit_index(ordinal));
    hot_.emit.jmp_gs(static_cast<u32>(entry));
  }

  // Unless it is recorded, the jump itself is what takes the program away: so each jump of the
  // program is an instruction to be stepped over in the cache, too.
  void emit_jmp(const AppInsn& app, u32 ordinal) {
    const Exit& exit = block_.exits[ordinal];
    mark_before(hot_, app);
    record(hot_, exit);
    if (exit.flow_id != 0) mark_exit(hot_, ordinal);
    emit_patchable_jump(hot_, ordinal);
  }

  // jcc to the stub, patchable; when recording, to a cold record with the patchable jump behind it.
  void emit_jcc(const AppInsn& app, u32 ordinal) {
    Exit& exit = block_.exits[ordinal];
    if (exit.flow_id != 0 && section_ != nullptr && section_->leads_inside(exit.target)) {
      return emit_jcc_inside(app, ordinal);
    }
    if (exit.flow_id != 0) {
      const CachePc taken = emit_cold_record(app, ordinal, ParkedState());
      mark_before(hot_, app);
      hot_.emit.jcc(app.insn.cond, taken);
      return;
    }
    mark_before(hot_, app);
    hot_.emit.align_patchable(2);
    hot_.emit.jcc(app.insn.cond, exit.stub);
    exit.site = hot_.emit.here() + -4;
  }

  // The same within a restartable sequence, which cold code does not belong to.
  void emit_jcc_inside(const AppInsn& app, u32 ordinal) {
    mark_before(hot_, app);
    hot_.emit.jcc(static_cast<x86::Cond>(app.insn.cond ^ 1), hot_.emit.here());
    const CachePc taken = hot_.emit.here();
    mark_exit(hot_, ordinal, true);
    record(hot_, block_.exits[ordinal]);
    mark_exit(hot_, ordinal);
    emit_patchable_jump(hot_, ordinal);
    x86::Emitter::retarget_rel32(taken, hot_.emit.here());
  }

  CachePc emit_cold_record(const AppInsn& app, u32 ordinal, const ParkedState& unrecorded) {
    const CachePc start = cold_.emit.here();
    if (unrecorded.at == At::kExit) {
      mark_exit(cold_, ordinal, true);
    } else {
      mark_before(cold_, app);
    }
    record(cold_, block_.exits[ordinal]);
    mark_exit(cold_, ordinal);
    emit_patchable_jump(cold_, ordinal);
    return start;
  }

  // loop, jrcxz: only a short form exists.
  //
  //       loop taken
  //       jmp  over
  // taken: jmp  exit
  // over:
  void emit_short_branch(const AppInsn& app, u32 ordinal) {
    Exit& exit = block_.exits[ordinal];
    ParkedState branched;
    branched.at = At::kExit;
    const bool recorded = exit.flow_id != 0;
    const CachePc taken = recorded ? emit_cold_record(app, ordinal, branched) : exit.stub;
    mark_before(hot_, app);
    if (!recorded) hot_.emit.align_patchable(app.insn.length + 3u);
    hot_.emit.bytes(app.bytes.data(), app.insn.length - 1u);
    hot_.emit.imm8(2);
    ParkedState passed;
    passed.at = At::kAfter;
    hot_.mark(app.app_offset + app.insn.length, app.index, core_.states.intern(passed));
    hot_.emit.jmp_short(5);
    mark_exit(hot_, ordinal, true);
    hot_.emit.jmp(taken);
    if (!recorded) exit.site = hot_.emit.here() + -4;
  }

  void emit_call(const AppInsn& app, u32 ordinal) {
    Exit& exit = block_.exits[ordinal];
    ParkedState state;  // until it is recorded, the call has not happened
    state.app_fault = true;
    mark(hot_, app, state);
    emit_push_return_address(hot_.emit, app.pc + app.insn.length);
    state.rsp_adjust = 8;
    mark(hot_, app, state);
    emit_complete_return_address(hot_.emit, app.pc + app.insn.length);
    if (exit.flow_id != 0) {
      state.app_fault = false;
      mark(hot_, app, state);
      record(hot_, exit);
    }
    if (!plan_.has_landing) {
      mark_exit(hot_, ordinal);
      emit_patchable_jump(hot_, ordinal);
      return;
    }
    emit_real_call(hot_, core_.states, exit, ordinal, block_.exits[landing_ordinal()],
                   landing_ordinal());
  }

  void mark_rcx_parked(PieceWriter& writer, const AppInsn& app, i32 rsp_adjust, bool app_fault) {
    ParkedState state;
    state.parked[0] = parked_in(kRcx, Spill::kBranch);
    state.rsp_adjust = rsp_adjust;
    state.app_fault = app_fault;
    mark(writer, app, state);
  }

  // The target into rcx, the program's rcx parked.
  void emit_indirect_target(const AppInsn& app) {
    mark_before(hot_, app);
    hot_.emit.mov_gs_r(spill_offset(Spill::kBranch), kRcx);
    relocate_operand_load(context_, app, kRcx, parked_in(kRcx, Spill::kBranch), hot_);
    mark_rcx_parked(hot_, app, 0, false);
  }

  void mark_to_target(PieceWriter& writer, u32 ordinal, At at, i32 rsp_adjust, bool rdx = false) {
    ParkedState state;
    state.at = at;
    state.parked[0] = parked_in(kRcx, Spill::kBranch);
    if (rdx) state.parked[1] = parked_in(x86::kRdx, Spill::kBranch2);
    state.rsp_adjust = rsp_adjust;
    writer.mark(ordinal, block_.exits[ordinal].instruction, core_.states.intern(state));
  }

  // The target in rcx, which is recorded: it goes to the thread state, its place in the cache comes
  // into rcx. Returns what emit_indirect_miss() needs.
  CachePc emit_indirect_lookup(u32 ordinal) {
    mark_to_target(hot_, ordinal, At::kTargetInRcx, 0);
    hot_.emit.mov_gs_r(offsetof(ThreadState, target), kRcx);
    if (!is_verified(core_)) {  // where it arrives it may turn out not to be meant
      hot_.emit.mov_gs_imm32(offsetof(ThreadState, exit_index), exit_index(ordinal));
    }
    return emit_lookup(hot_.emit, core_.indirects, offsetof(ThreadState, indirect_table),
                       {.on_stack = false, .offset = offsetof(ThreadState, target)},
                       [&](bool rdx) { mark_to_target(hot_, ordinal, At::kTargetInSlot, 0, rdx); });
  }

  void emit_indirect_miss(u32 ordinal, CachePc behind_jrcxz) {
    const CachePc miss = cold_.emit.here();
    mark_to_target(cold_, ordinal, At::kTargetInSlot, 0, true);
    cold_.emit.mov_gs_imm32(offsetof(ThreadState, exit_index), exit_index(ordinal));
    cold_.emit.jmp_gs(offsetof(ThreadState, enter_indirect));
    mark_to_target(hot_, ordinal, At::kTargetInSlot, 0, true);
    aim_lookup_miss(hot_.emit, behind_jrcxz);
    hot_.emit.jmp(miss);
  }

  void emit_indirect_jump(u32 ordinal) {
    const CachePc behind_jrcxz = emit_indirect_lookup(ordinal);
    hot_.emit.jmp_r(kRcx);
    emit_indirect_miss(ordinal, behind_jrcxz);
  }

  // As a call, but what is called is a cold stub: it drops the cache address and jumps.
  void emit_indirect_call(const AppInsn& app, u32 ordinal) {
    emit_indirect_target(app);
    mark_rcx_parked(hot_, app, 0, true);
    emit_push_return_address(hot_.emit, app.pc + app.insn.length);
    mark_rcx_parked(hot_, app, 8, true);
    emit_complete_return_address(hot_.emit, app.pc + app.insn.length);
    mark_rcx_parked(hot_, app, 8, false);
    record(hot_, block_.exits[ordinal]);
    if (!plan_.has_landing) return emit_indirect_jump(ordinal);
    Exit& landing = block_.exits[landing_ordinal()];

    const CachePc stub = cold_.emit.here();
    mark_to_target(cold_, ordinal, At::kTargetInSlot, 8);
    cold_.emit.lea(x86::kRsp, x86::kRsp, 8);
    mark_to_target(cold_, ordinal, At::kTargetInSlot, 0);
    cold_.emit.jmp_r(kRcx);

    const CachePc behind_jrcxz = emit_indirect_lookup(ordinal);
    hot_.emit.prefix_patchable_call();
    hot_.emit.call(stub);
    mark_exit(hot_, landing_ordinal());
    hot_.emit.jmp(landing.stub);
    landing.site = hot_.emit.here() + -4;
    emit_indirect_miss(ordinal, behind_jrcxz);
  }

  void emit_ret(const AppInsn& app, u32 ordinal) {
    Exit& exit = block_.exits[ordinal];
    if (app.insn.imm_size == 0 && core_.returns.has_wide_index()) {
      const CachePc behind_jrcxz = emit_ret_lookup(hot_, context_, app, core_.returns);
      record(hot_, exit);
      emit_ret_transfer(hot_, cold_, context_, app, behind_jrcxz, exit_index(ordinal));
      return;
    }
    emit_ret_target_load(hot_, context_, app);
    record(hot_, exit);
    const i32 popped_bytes = 8 + (app.insn.imm_size == 0 ? 0 : static_cast<u16>(app.insn.imm));
    mark_to_target(hot_, ordinal, At::kTargetInRcx, popped_bytes);
    hot_.emit.lea(x86::kRsp, x86::kRsp, popped_bytes);
    emit_indirect_jump(ordinal);
  }

  // What the block's last instruction has done is done.
  void emit_fall_through(u32 ordinal) {
    Exit& exit = block_.exits[ordinal];
    mark_exit(hot_, ordinal, true);
    record(hot_, exit);
    mark_exit(hot_, ordinal);
    emit_patchable_jump(hot_, ordinal);
  }

  Core& core_;
  const BlockPlan& plan_;
  Block& block_;
  PieceWriter hot_;
  PieceWriter cold_;
  RelocateContext context_;
  SectionPart* section_;
};

// Exit ids are not used again: there are enough for an hour of nothing but translating. When they
// are used up, the program goes on, and the trace ends in words that say so.
u32 take_exit_ids(Core& core, u32 count) {
  if (core.definitions.silent()) return kUnnamedExit;
  const u32 first = core.events.take_exit_ids(count);
  if (first == kUnnamedExit && core.events.end_flow()) {
    sys::warn("exit ids are used up; from here on the program is not recorded (id, process)", first,
              core.definitions.process());
    core.definitions.note("the recording of a program ended early: its exit ids were used up");
  }
  return first;
}

Block* make_block(Core& core, const BlockPlan& plan, Unit& unit) {
  const bool counted = plan.checked && core.trust_threshold > 0;
  Block* block = unit.take<Block>();
  block->start = plan.start;
  block->unit = &unit;
  block->app_bytes = plan.app_bytes;
  block->instruction_count = static_cast<u16>(plan.insn_count);
  block->exit_count = static_cast<u16>(plan.exit_count + plan.has_landing + plan.checked + counted);
  block->exits = unit.take<Exit>(block->exit_count);
  block->valid = true;
  block->checked = plan.checked;
  block->counted = counted;
  if (core.events.defining()) block->first_flow_id = take_exit_ids(core, plan.exit_count);
  const bool named = block->first_flow_id != kUnnamedExit;
  for (u32 i = 0; i < block->exit_count; ++i) {
    Exit& exit = block->exits[i];
    exit.owner = block;
    if (i < plan.exit_count) {
      const PlannedExit& planned = plan.exits[i];
      exit.kind = planned.kind;
      exit.target = planned.target;
      exit.instruction = planned.instruction;
      exit.app_offset = plan.insns[planned.instruction].app_offset;
      exit.role = planned.role;
      if (core.events.recording()) exit.flow_id = block->first_flow_id + (named ? i : 0);
    } else if (plan.has_landing && i == plan.exit_count) {
      exit.kind = ExitKind::kRet;
      exit.target = plan.start + plan.app_bytes;
      exit.instruction = static_cast<u16>(plan.insn_count - 1);
      exit.role = Entry::kDrop;
      exit.is_landing = true;
    } else {  // the code has changed, or is trusted now: back to the dispatcher for the same pc
      exit.kind = ExitKind::kFallthrough;
      exit.target = plan.start;
      exit.role = Entry::kBody;
    }
  }
  return block;
}

// A further way into a block that exists: a piece of its own that ends with a jump to the body.
// False when the block's unit has no room for it.
bool add_entry(Core& core, Block& block, Entry role) {
  Unit& unit = *block.unit;
  if (!unit.has_room_for_piece()) return false;
  PieceWriter out(core.cache, unit, true, &block);
  PieceWriter cold(core.cache, unit, false, &block);
  emit_entry(out, cold, core.states, block, role, is_verified(core));
  out.mark(0, 0, core.states.intern(ParkedState()));
  out.emit.jmp(block.entries[static_cast<unsigned>(Entry::kBody)]);
  block.entries[static_cast<unsigned>(role)] = out.start();
  out.commit();
  if (cold.emit.here() != cold.start()) cold.commit();
  return true;
}

// A call that stands in two blocks has two landings, of which the table of returns knows one: each
// return of the other copy is mispredicted. A block ends where another begins, so two blocks hold
// the same call only if the newer one begins inside the older one. That goes; when it is next
// wanted, it ends where the newer one begins.
void keep_one_landing(const sys::Held& held, Core& core, const Block& block) {
  for (u32 i = 0; i < block.exit_count; ++i) {
    const Exit& landing = block.exits[i];
    if (!landing.is_landing) continue;
    const CachePc known = core.returns.find(landing.target);
    const Piece* piece = core.cache.find(raw(known));
    if (piece != nullptr && piece->block->valid && piece->block->start != landing.target &&
        piece->block->start + piece->block->app_bytes == landing.target) {
      invalidate_block(held, core, *piece->block);
    }
    core.returns.set(landing.target, landing_of(landing));
  }
}

Block* translate_block(const sys::Held& held, Core& core, AppPc pc, Entry role, i32 trust_threshold,
                       SectionPart* section) {
  static BlockPlan plan;  // under the translation lock
  const PlanOptions options{.cursor_stolen = core.events.recording(),
                            .has_fsgsbase = has_fsgsbase(core),
                            .real_calls = core.returns.has_wide_index(),
                            .ends_at_branches = core.events.defining() && !core.events.recording(),
                            .trust_threshold = trust_threshold};
  if (!plan_block(held, core.space, core.blocks, core.rseq, pc, options, plan)) {
    return nullptr;
  }
  Block* block = make_block(core, plan, unit_for(held, core, pc));
  BlockEmitter(core, plan, *block, section).emit(role);
  keep_one_landing(held, core, *block);
  core.translated_instructions += plan.insn_count;
  if (block->first_flow_id != kUnnamedExit) {
    core.definitions.block(*block, {block->exits, plan.exit_count}, {plan.bytes, plan.app_bytes});
  }
  core.blocks.insert(held, block);
  sys::log(2, "block", raw(pc), raw(block->entries[0]), plan.insn_count);
  return block;
}

const Piece& hot_piece(const Core& core, const Block& block) {
  return *core.cache.find(raw(block.entries[static_cast<unsigned>(Entry::kBody)]));
}

// Behind the last machine instruction that stands for the block's last instruction: once it has
// been executed, so has that.
CachePc commit_end(const Core& core, const Block& block) {
  const Piece& piece = hot_piece(core, block);
  CachePc end = piece.start + piece.bytes;
  for (u32 i = piece.entry_count; i-- > 0;) {
    const MapEntry& entry = piece.entries[i];
    if (core.states[entry.state].at == At::kBefore) break;
    end = piece.start + entry.offset;
  }
  return end;
}

// Whether an abort anywhere in the piece can give every program register back. (The stolen register
// is in its slot, or that instruction of the section has not been executed that writes it next.)
bool can_abort(const Core& core, const Piece& piece, CachePc from, CachePc to, x86::GprSet saved) {
  for (u32 i = 0; i < piece.entry_count; ++i) {
    const CachePc at = piece.start + piece.entries[i].offset;
    if (at - from < 0 || at - to >= 0) continue;
    const ParkedState& state = core.states[piece.entries[i].state];
    if (state.rsp_adjust != 0 || state.fs_is_gs) return false;
    for (const Parked& p : state.parked) {
      if (p.reg != x86::kNoGpr && p.reg != kCursorRegister && (saved & x86::set_of(p.reg)) == 0)
        return false;
    }
  }
  return true;
}

// Translates a restartable sequence: its blocks one behind the other, linked among themselves.
// False when they have not come to stand so, as when a unit of the cache became full in between.
bool translate_section(const sys::Held& held, Core& core, const RseqSection& section, Entry role,
                       i32 trust_threshold) {
  constexpr u64 kMostBlocks = 64;
  Block* blocks[kMostBlocks];
  u32 count = 0;
  SectionPart part{section, core.rseq.take_slot(held, section)};
  const x86::GprSet saved = core.rseq.abort_of(part.slot).restored;
  for (AppPc pc = section.start; pc - section.end < 0 && count < kMostBlocks;) {
    Block* block =
        translate_block(held, core, pc, count == 0 ? role : Entry::kBody, trust_threshold, &part);
    if (block == nullptr || block->checked) return count != 0;  // code that is being changed
    blocks[count++] = block;
    pc = block->start + block->app_bytes;
  }
  const Block& last = *blocks[count - 1];
  if (last.start + last.app_bytes != section.end) return true;
  const CachePc end = commit_end(core, last);
  for (u32 i = 0; i < count; ++i) {
    const Piece& piece = hot_piece(core, *blocks[i]);
    if (blocks[i]->unit != last.unit) return false;
    if (!can_abort(core, piece, part.start, end, saved)) {
      sys::warn("a restartable sequence needs all registers (at)", raw(section.start));
      return true;
    }
    for (u32 k = 0; k < blocks[i]->exit_count; ++k) {
      Exit& exit = blocks[i]->exits[k];
      if (exit.role != Entry::kBody || raw(exit.site) == 0 || !part.leads_inside(exit.target)) {
        continue;
      }
      if (Block* to = core.blocks.find(held, exit.target)) {
        link(held, core.cache, core.states, exit, *to);
      }
    }
  }
  core.rseq.arm(part.slot, part.start, end);
  return true;
}

// Code of sections that have become known was translated as any other so far.
void forget_unprotected_sections(const sys::Held& held, Core& core) {
  while (const RseqSection* section = core.rseq.take_new(held)) {
    sys::log(1, "restartable sequence", raw(section->start), raw(section->end));
    invalidate(held, core, raw(section->start), static_cast<u64>(section->end - section->start));
  }
}

Block* translate_new(const sys::Held& held, Core& core, AppPc pc, Entry role, i32 trust_threshold) {
  const RseqSection* section = core.check == nullptr ? core.rseq.starting_at(pc) : nullptr;
  if (section == nullptr) {
    Block* block = translate_block(held, core, pc, role, trust_threshold, nullptr);
    forget_unprotected_sections(held, core);
    return block;
  }
  for (int attempt = 0; attempt < 2; ++attempt) {
    invalidate(held, core, raw(section->start), static_cast<u64>(section->end - section->start));
    if (translate_section(held, core, *section, role, trust_threshold)) break;
  }
  return core.blocks.find(held, pc);
}

// The lookup tables tell addresses of 47 bits apart (link/lookup_table.h). With five levels of page
// tables a program may ask for memory beyond.
void refuse_beyond_tables(const sys::Held& held, const Core& core, AppPc pc) {
  const bool beyond = raw(pc) >> 47 != 0 && raw(pc) >> 63 == 0;
  if (beyond && core.space.find_code(held, raw(pc)) != nullptr) {
    sys::fail("code beyond 128 TiB cannot be followed (at)", raw(pc));
  }
}

}  // namespace

Block* translate(const sys::Held& held, Core& core, AppPc pc, Entry role) {
  Block* block = core.blocks.find(held, pc);
  if (block != nullptr && raw(block->entries[static_cast<unsigned>(role)]) == 0 &&
      !add_entry(core, *block, role)) {
    invalidate_block(held, core, *block);  // another one, in a unit with room
    block = nullptr;
  }
  if (block == nullptr) {
    refuse_beyond_tables(held, core, pc);
    block = translate_new(held, core, pc, role, core.trust_threshold);
    if (block == nullptr) return nullptr;
  }
  return block;
}

void invalidate_block(const sys::Held& held, Core& core, Block& block) {
  if (!block.valid) return;
  block.valid = false;
  unlink_incoming(held, block);
  core.blocks.remove(held, &block);
  core.indirects.clear(block.start, block.entries[static_cast<unsigned>(Entry::kIndirect)]);
  core.returns.clear(block.start, block.entries[static_cast<unsigned>(Entry::kDrop)]);
  for (u32 i = 0; i < block.exit_count; ++i) {
    const Exit& exit = block.exits[i];
    if (exit.is_landing) core.returns.clear(exit.target, landing_of(exit));
  }
}

void trust_block(const sys::Held& held, Core& core, Block& block) {
  if (!block.valid) return;
  invalidate_block(held, core, block);
  translate_new(held, core, block.start, Entry::kBody, 0);
}

void invalidate(const sys::Held& held, Core& core, u64 start, u64 bytes) {
  core.blocks.for_each_overlapping(held, start, bytes,
                                   [&](Block& block) { invalidate_block(held, core, block); });
}

}  // namespace tiptoe::engine
