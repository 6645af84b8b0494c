#include "engine/trust/check.h"

#include "base/memory.h"

namespace tiptoe::engine {
namespace {

using x86::kRcx;
using x86::kRdx;

ParkedState checking(bool rcx, bool rdx) {
  ParkedState state;
  if (rcx) state.parked[0] = parked_in(kRcx, Spill::kCheck);
  if (rdx) state.parked[1] = parked_in(kRdx, Spill::kCheck2);
  return state;
}

u64 load_up_to_8(const u8* bytes, unsigned count) {
  u64 value = 0;
  memcpy(&value, bytes, count);
  return value;
}

}  // namespace

void emit_code_check(PieceWriter& out, PieceWriter& cold, StateTable& states, const Block& block,
                     std::span<const u8> bytes, const CheckExits& exits) {
  x86::Emitter& emit = out.emit;
  const auto mark = [&](PieceWriter& writer, bool rcx, bool rdx) {
    writer.mark(0, 0, states.intern(checking(rcx, rdx)));
  };
  // Leaves by an exit, before the block's first instruction.
  const auto emit_leaving = [&](u32 exit_index) {
    const CachePc start = cold.emit.here();
    mark(cold, true, true);
    cold.emit.mov_r_gs(kRdx, spill_offset(Spill::kCheck2));
    mark(cold, true, false);
    cold.emit.mov_r_gs(kRcx, spill_offset(Spill::kCheck));
    mark(cold, false, false);
    cold.emit.mov_gs_imm32(offsetof(ThreadState, exit_index), exit_index);
    cold.emit.jmp_gs(offsetof(ThreadState, enter_exit));
    return start;
  };
  const CachePc stale = emit_leaving(exits.stale);

  mark(out, false, false);
  emit.mov_gs_r(spill_offset(Spill::kCheck), kRcx);
  emit.mov_gs_r(spill_offset(Spill::kCheck2), kRdx);
  mark(out, true, true);
  const auto compare = [&](u64 address, u64 expected, unsigned width) {
    emit.mov_r_imm(kRcx, address);
    switch (width) {
      case 8:
        emit.mov_r_mem(kRcx, kRcx, 0);
        break;
      case 4:
        emit.mov_r32_mem(kRcx, kRcx, 0);
        break;
      case 2:
        emit.movzx_r32_mem16(kRcx, kRcx, 0);
        break;
      default:
        emit.movzx_r32_mem8(kRcx, kRcx, 0);
        break;
    }
    emit.mov_r_imm(kRdx, -expected);
    emit.lea_sum(kRcx, kRcx, kRdx);
    emit.jrcxz_short(5);
    emit.jmp(stale);
  };
  // Aligned reads only: the program may have set the alignment check flag.
  for (u64 done = 0; done < bytes.size();) {
    const u64 address = raw(block.start) + done;
    unsigned width = 8;
    while (address % width != 0 || bytes.size() - done < width) width /= 2;
    compare(address, load_up_to_8(&bytes[done], width), width);
    done += width;
  }
  if (exits.trusted != 0) {
    // Counts down; threads that count at once may count one match for two. Zero is met by one at
    // least.
    const CachePc trusted = emit_leaving(exits.trusted);
    cold.emit.align(8);
    const CachePc counter = cold.emit.here();
    cold.emit.imm64(exits.matches);
    emit.mov_r_rip(kRcx, counter);
    emit.lea(kRcx, kRcx, -1);
    emit.mov_rip_r(counter, kRcx);
    emit.jrcxz_short(2);
    emit.jmp_short(5);
    emit.jmp(trusted);
  }
  emit.mov_r_gs(kRdx, spill_offset(Spill::kCheck2));
  mark(out, true, false);
  emit.mov_r_gs(kRcx, spill_offset(Spill::kCheck));
}

}  // namespace tiptoe::engine
