#include "engine/context/state_map.h"

#include "engine/context/cursor_register.h"
#include "engine/context/safe_copy.h"
#include "sys/fail.h"

namespace tiptoe::engine {
namespace {

u32 hash_of(const ParkedState& s) {
  u32 h = static_cast<u32>(s.at) * 31 + s.app_fault * 7 + s.unrecorded * 3 + s.fs_is_gs * 11 +
          static_cast<u32>(s.rsp_adjust) * 131;
  for (const Parked& p : s.parked) h = h * 257 + p.reg * 17 + p.place;
  return h ^ h >> 12;
}

const MapEntry& entry_at(const Piece& piece, u64 offset) {
  u32 low = 0, high = piece.entry_count;
  while (high - low > 1) {
    const u32 middle = (low + high) / 2;
    (piece.entries[middle].offset <= offset ? low : high) = middle;
  }
  return piece.entries[low];
}

u64 read_parked(const Parked& p, const ThreadState& thread, const Context& machine) {
  if ((p.place & 0x80) != 0) return thread.spill[p.place & 0x7f];
  if ((p.place & kBiasedByGs) != 0) {
    return machine.gpr[p.place & ~kBiasedByGs] - thread.app_gs_base;
  }
  return machine.gpr[p.place];
}

}  // namespace

StateId StateTable::intern(const ParkedState& state) {
  u32 bucket = hash_of(state) & 4095;
  for (; buckets_[bucket] != 0; bucket = (bucket + 1) & 4095) {
    const StateId id = static_cast<StateId>(buckets_[bucket] - 1);
    if (states_[id] == state) return id;
  }
  TIPTOE_CHECK(count_ < kMax, count_, 0);
  states_[count_] = state;
  buckets_[bucket] = static_cast<u16>(++count_);
  return static_cast<StateId>(count_ - 1);
}

AppState resolve(const StateTable& states, const Piece& piece, const ThreadState& thread,
                 const Context& machine, u64 machine_pc, bool stolen_register) {
  const MapEntry& entry = entry_at(piece, machine_pc - raw(piece.start));
  const ParkedState& state = states[entry.state];
  const Block& block = *piece.block;

  AppState out{machine,          nullptr,         entry.instruction, true,
               state.unrecorded, state.app_fault, state.at,          state.fs_is_gs};
  if (stolen_register) {
    out.context.gpr[kCursorRegister] = thread.spill[static_cast<unsigned>(Spill::kStolen)];
  }
  for (const Parked& p : state.parked) {
    if (p.reg != x86::kNoGpr) out.context.gpr[p.reg] = read_parked(p, thread, machine);
  }
  out.context.gpr[x86::kRsp] = machine.gpr[x86::kRsp] + static_cast<u64>(i64{state.rsp_adjust});

  switch (state.at) {
    case At::kBefore:
      out.context.pc = block.start + entry.app_offset;
      out.left_block = false;
      break;
    case At::kAfter:  // the emitter gives the offset of the instruction behind
      out.context.pc = block.start + entry.app_offset;
      out.instructions = entry.instruction + 1u;
      out.left_block = false;
      break;
    case At::kExit:
      out.exit = &block.exits[entry.app_offset];
      out.context.pc = out.exit->target;
      break;
    case At::kTargetInRcx:
      out.context.pc = AppPc{machine.gpr[x86::kRcx]};
      break;
    case At::kTargetInSlot:
      out.context.pc = AppPc{thread.target};
      break;
    case At::kTargetOnStack:
      out.context.pc = AppPc{0};
      safe_copy(&out.context.pc, reinterpret_cast<const void*>(out.context.gpr[x86::kRsp]), 8);
      out.context.gpr[x86::kRsp] += 8;
      break;
  }
  return out;
}

AppPc app_pc_of(const Piece& piece, u64 machine_pc) {
  return piece.block->start + entry_at(piece, machine_pc - raw(piece.start)).app_offset;
}

}  // namespace tiptoe::engine
