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

void emit_push_return_address(x86::Emitter& emit, AppPc return_address) {
  emit.push_imm32(static_cast<i32>(raw(return_address)));
}

void emit_complete_return_address(x86::Emitter& emit, AppPc return_address) {
  if (x86::fits_i32(static_cast<i64>(raw(return_address)))) return;
  emit.mov_mem32_imm32(kRsp, 4, static_cast<u32>(raw(return_address) >> 32));
}

void emit_real_call(PieceWriter& hot, StateTable& states, Exit& exit, u32 exit_ordinal,
                    Exit& landing, u32 landing_ordinal) {
  ParkedState leaving;  // the return address is pushed, the call's own push has not happened
  leaving.at = At::kExit;
  hot.mark(exit_ordinal, exit.instruction, states.intern(leaving));
  hot.emit.prefix_patchable_call();
  hot.emit.call(exit.stub);
  exit.site = hot.emit.here() + -4;
  hot.mark(landing_ordinal, landing.instruction, states.intern(state_on_the_way(landing)));
  hot.emit.jmp(landing.stub);
  landing.site = hot.emit.here() + -4;
}

CachePc emit_ret_lookup(PieceWriter& hot, const RelocateContext& context, const AppInsn& app,
                        const LookupTable& table) {
  const auto mark = [&](const ParkedState& state) {
    hot.mark(app.app_offset, app.index, context.states.intern(state));
  };
  mark(before(false, false, false));
  hot.emit.mov_gs_r(spill_offset(Spill::kBranch), kRcx);
  return emit_lookup(hot.emit, table, offsetof(ThreadState, return_table),
                     {.on_stack = true, .offset = 0},
                     [&](bool rdx) { mark(before(true, true, rdx)); });
}

void emit_ret_transfer(PieceWriter& hot, PieceWriter& cold, const RelocateContext& context,
                       const AppInsn& app, CachePc behind_jrcxz, u32 exit_index) {
  const auto mark = [&](PieceWriter& writer, const ParkedState& state) {
    writer.mark(app.app_offset, app.index, context.states.intern(state));
  };
  // The return has happened, as far as the program can tell: its target is on top of the stack.
  ParkedState returned;
  returned.at = At::kTargetOnStack;
  returned.parked[0] = parked_in(kRcx, Spill::kBranch);
  mark(hot, returned);
  hot.emit.push_r(kRcx);
  returned.rsp_adjust = 8;
  mark(hot, returned);
  hot.emit.mov_r_gs(kRcx, spill_offset(Spill::kBranch));
  returned.parked[0] = {};
  mark(hot, returned);
  hot.emit.ret();

  // It has not: the dispatcher carries it out, and records it.
  const CachePc miss = cold.emit.here();
  mark(cold, before(false, true, true));
  cold.emit.mov_gs_imm32(offsetof(ThreadState, exit_index), exit_index);
  cold.emit.jmp_gs(offsetof(ThreadState, enter_return_miss));
  mark(hot, before(false, true, true));
  aim_lookup_miss(hot.emit, behind_jrcxz);
  hot.emit.jmp(miss);
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
