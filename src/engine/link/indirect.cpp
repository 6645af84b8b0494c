#include "engine/link/indirect.h"

namespace tiptoe::engine {
namespace {
using x86::kRax;
using x86::kRcx;
using x86::kRdx;

ParkedState in_lookup(bool rax, bool rdx) {
  ParkedState state;
  state.at = At::kTargetInRcx;
  state.parked[0] = parked_in(kRcx, Spill::kBranch);
  if (rdx) state.parked[1] = parked_in(kRdx, Spill::kBranch2);
  if (rax) state.parked[2] = parked_in(kRax, Spill::kBranch3);
  return state;
}
}  // namespace

CachePc emit_lookup_stub(PieceWriter& cold, StateTable& states, const LookupTable& table,
                         u32 exit_ordinal, u32 instruction) {
  const CachePc start = cold.emit.here();
  const auto mark = [&](bool rax, bool rdx) {
    cold.mark(exit_ordinal, instruction, states.intern(in_lookup(rax, rdx)));
  };
  x86::Emitter& emit = cold.emit;
  mark(false, false);
  emit.mov_gs_r(spill_offset(Spill::kBranch2), kRdx);
  emit.mov_gs_r(spill_offset(Spill::kBranch3), kRax);
  mark(true, true);
  table.has_wide_index() ? emit.mov_r32_r32(kRdx, kRcx) : emit.movzx_r32_r16(kRdx, kRcx);
  emit.mov_r_gs(kRax, offsetof(ThreadState, indirect_table));
  emit.mov_r_mem_index8(kRdx, kRax, kRdx, LookupTable::kTableOffset);
  emit.lea_sum(kRdx, kRdx, kRax);
  emit.mov_gs_r(offsetof(ThreadState, jump_target), kRdx);
  emit.mov_r_gs(kRax, spill_offset(Spill::kBranch3));
  mark(false, true);
  emit.mov_r_gs(kRdx, spill_offset(Spill::kBranch2));
  mark(false, false);
  emit.jmp_gs(offsetof(ThreadState, jump_target));
  return start;
}

void emit_cached_jump(PieceWriter& out, StateTable& states, Exit& exit, u32 exit_index,
                      u32 exit_ordinal) {
  out.mark(exit_ordinal, exit.instruction, states.intern(in_lookup(false, false)));
  out.emit.mov_gs_imm32(offsetof(ThreadState, exit_index), exit_index);
  out.emit.align_patchable(1);
  out.emit.jmp(exit.stub);
  exit.site = out.emit.here() + -4;
}

}  // namespace tiptoe::engine
