#include "engine/returns/returns.h"

namespace tiptoe::engine {
namespace {

using x86::kRcx;
using x86::kRdx;
using x86::kRsp;

ParkedState before(bool app_fault, bool rcx, bool rdx) {
  ParkedState state;
  state.app_fault = app_fault;
  if (rcx) state.parked[0] = parked_in(kRcx, Spill::kBranch);
  if (rdx) state.parked[1] = parked_in(kRdx, Spill::kBranch2);
  return state;
}

}  // namespace

void emit_push_return_address(PieceWriter& hot, PieceWriter& cold, AppPc return_address) {
  if (x86::fits_i32(static_cast<i64>(raw(return_address)))) {
    hot.emit.push_imm32(static_cast<i32>(raw(return_address)));
    return;
  }
  cold.emit.align(8);  // the program may have set the alignment check flag
  const CachePc constant = cold.emit.here();
  cold.emit.imm64(raw(return_address));
  hot.emit.push_rip(constant);
}

void emit_real_call(PieceWriter& hot, StateTable& states, Exit& exit, u32 exit_ordinal,
                    Exit& landing, u32 landing_ordinal) {
  ParkedState leaving;  // the return address is pushed, the call's own push has not happened
  leaving.at = At::kExit;
  hot.mark(exit_ordinal, exit.instruction, states.intern(leaving));
  // Both displacements, 5 bytes apart, must lie within aligned words: the call at 3 mod 8 puts them
  // at 4 and 9 (1 mod 8); any start from 7 to 3 does.
  while ((raw(hot.emit.here()) + 1) % 8 > 4 || (raw(hot.emit.here()) + 6) % 8 > 4) hot.emit.nop(1);
  hot.emit.call(exit.stub);
  exit.site = hot.emit.here() + -4;
  hot.mark(landing_ordinal, landing.instruction, states.intern(state_on_the_way(landing)));
  hot.emit.jmp(landing.stub);
  landing.site = hot.emit.here() + -4;
}

void emit_ret_lookup(PieceWriter& hot, const RelocateContext& context, const AppInsn& app,
                     const LookupTable& table) {
  const auto mark = [&](const ParkedState& state) {
    hot.mark(app.app_offset, app.index, context.states.intern(state));
  };
  x86::Emitter& emit = hot.emit;
  mark(before(false, false, false));
  emit.mov_gs_r(spill_offset(Spill::kBranch), kRcx);
  emit.mov_gs_r(spill_offset(Spill::kBranch2), kRdx);
  mark(before(true, true, true));
  table.has_wide_index() ? emit.mov_r32_mem(kRcx, kRsp, 0) : emit.movzx_r32_mem16(kRcx, kRsp, 0);
  mark(before(false, true, true));
  emit.mov_r_gs(kRdx, offsetof(ThreadState, return_table));
  emit.mov_r_mem_index8(kRcx, kRdx, kRcx, LookupTable::kTableOffset);
  emit.lea_sum(kRcx, kRcx, kRdx);
  emit.mov_r_gs(kRdx, spill_offset(Spill::kBranch2));
  mark(before(false, true, false));
}

void emit_ret_transfer(PieceWriter& hot, const RelocateContext& context, const AppInsn& app) {
  // The return has happened, as far as the program can tell: its target is on top of the stack.
  ParkedState state;
  state.at = At::kTargetOnStack;
  state.parked[0] = parked_in(kRcx, Spill::kBranch);
  hot.mark(app.app_offset, app.index, context.states.intern(state));
  hot.emit.push_r(kRcx);
  ParkedState pushed = state;
  pushed.rsp_adjust = 8;
  hot.mark(app.app_offset, app.index, context.states.intern(pushed));
  hot.emit.ret();
}

void emit_ret_target_load(PieceWriter& hot, const RelocateContext& context, const AppInsn& app) {
  const auto mark = [&](const ParkedState& state) {
    hot.mark(app.app_offset, app.index, context.states.intern(state));
  };
  mark(before(false, false, false));
  hot.emit.mov_gs_r(spill_offset(Spill::kBranch), kRcx);
  mark(before(true, true, false));
  hot.emit.mov_r_mem(kRcx, kRsp, 0);
  mark(before(false, true, false));
}

}  // namespace tiptoe::engine
