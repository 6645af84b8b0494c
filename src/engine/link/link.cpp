#include "engine/link/link.h"

#include "sys/fail.h"

namespace tiptoe::engine {
namespace {

void set_displacement(CachePc site, CachePc target) {
  const i64 displacement = target - (site + 4);
  TIPTOE_CHECK(x86::fits_i32(displacement), raw(site), raw(target));
  TIPTOE_CHECK((raw(site) & 7) <= 4, raw(site), raw(target));
  __atomic_store_n(reinterpret_cast<u32*>(raw(site)), static_cast<u32>(displacement),
                   __ATOMIC_RELEASE);
}

// jmp [rip+0]; .quad target -- in the unit of the exit.
CachePc make_thunk(CodeCache& cache, StateTable& states, const Exit& exit, CachePc target) {
  PieceWriter out(cache, *exit.owner->unit, false, exit.owner);
  out.mark(static_cast<u32>(&exit - exit.owner->exits), exit.instruction,
           states.intern(state_on_the_way(exit)));
  out.emit.jmp_rip(out.emit.here() + 6);
  out.emit.imm64(raw(target));
  const CachePc start = out.start();
  out.commit();
  return start;
}

}  // namespace

ParkedState state_on_the_way(const Exit& exit) {
  ParkedState state;
  switch (exit.role) {
    case Entry::kBody:
      state.at = At::kExit;
      break;
    case Entry::kDrop:
      state.at = At::kExit;
      state.rsp_adjust = 8;
      break;
    case Entry::kIndirect:
      state.at = At::kTargetInSlot;
      state.parked[0] = parked_in(x86::kRcx, Spill::kBranch);
      break;
  }
  return state;
}

bool link(const sys::Held& held, CodeCache& cache, StateTable& states, Exit& exit, Block& to) {
  if (exit.to == &to) return true;
  if (exit.to != nullptr) unlink(held, exit);
  CachePc target = to.entries[static_cast<unsigned>(exit.role)];
  TIPTOE_CHECK(raw(target) != 0, raw(exit.site), raw(to.start));
  if (!x86::fits_i32(target - (exit.site + 4))) {
    if (!exit.owner->unit->has_room_for_piece()) return false;
    target = make_thunk(cache, states, exit, target);
  }
  exit.to = &to;
  exit.next_incoming = to.incoming;
  exit.incoming_place = &to.incoming;
  if (to.incoming != nullptr) to.incoming->incoming_place = &exit.next_incoming;
  to.incoming = &exit;
  set_displacement(exit.site, target);
  return true;
}

void unlink(const sys::Held&, Exit& exit) {
  if (exit.to == nullptr) return;
  set_displacement(exit.site, exit.stub);
  *exit.incoming_place = exit.next_incoming;
  if (exit.next_incoming != nullptr) exit.next_incoming->incoming_place = exit.incoming_place;
  exit.to = nullptr;
  exit.next_incoming = nullptr;
  exit.incoming_place = nullptr;
}

void unlink_incoming(const sys::Held& held, Block& block) {
  while (block.incoming != nullptr) unlink(held, *block.incoming);
}

}  // namespace tiptoe::engine
