#include "engine/link/entries.h"

namespace tiptoe::engine {
namespace {

using x86::kRcx;
using x86::kRdx;

class EntryEmitter {
 public:
  EntryEmitter(PieceWriter& out, PieceWriter& cold, StateTable& states, const Block& block)
      : out_(out), cold_(cold), states_(states), block_(block) {}

  void drop_cache_address() {
    ParkedState state;
    state.rsp_adjust = 8;
    mark(out_, state);
    out_.emit.lea(x86::kRsp, x86::kRsp, 8);
  }

  void pop_return_address() {
    mark(out_, parked(At::kTargetOnStack));
    out_.emit.pop_r(kRcx);
  }

  // rcx holds the target, the program's rcx is parked: goes on when it is this block, else to the
  // dispatcher. `from_return`: no indirect site sent us. Flags are kept: a signal may come here,
  // and who is not meant goes on to a block that may read them.
  void verify(bool from_return) {
    compare(from_return);
    ParkedState state;
    state.parked[0] = parked_in(kRcx, Spill::kBranch);
    mark(out_, state);
    out_.emit.mov_r_gs(kRcx, spill_offset(Spill::kBranch));
  }

 private:
  static ParkedState parked(At at, bool rdx = false) {
    ParkedState state;
    state.at = at;
    state.parked[0] = parked_in(kRcx, Spill::kBranch);
    if (rdx) state.parked[1] = parked_in(kRdx, Spill::kBranch2);
    return state;
  }
  void mark(PieceWriter& writer, const ParkedState& state) {
    writer.mark(0, 0, states_.intern(state));
  }
  u64 start() const { return raw(block_.start); }

  void emit_miss(bool from_return) {
    mark(cold_, parked(At::kTargetInRcx));
    if (from_return) cold_.emit.mov_gs_imm32(offsetof(ThreadState, exit_index), 0);
    cold_.emit.jmp_gs(offsetof(ThreadState, enter_indirect));
  }

  // rcx -= start, or += start, without flags.
  void add_to_rcx(PieceWriter& w, u64 addend, At before) {
    if (x86::fits_i32(static_cast<i64>(addend))) {
      mark(w, parked(before));
      w.emit.lea(kRcx, kRcx, static_cast<i32>(addend));
      return;
    }
    mark(w, parked(before));
    w.emit.mov_gs_r(spill_offset(Spill::kBranch2), kRdx);
    mark(w, parked(before, true));
    w.emit.mov_r_imm(kRdx, addend);
    w.emit.lea_sum(kRcx, kRcx, kRdx);
    mark(w, parked(before == At::kTargetInRcx ? At::kTargetBiased : At::kTargetInRcx, true));
    w.emit.mov_r_gs(kRdx, spill_offset(Spill::kBranch2));
  }

  void compare(bool from_return) {
    const CachePc miss = cold_.emit.here();
    add_to_rcx(cold_, start(), At::kTargetBiased);
    emit_miss(from_return);

    add_to_rcx(out_, -start(), At::kTargetInRcx);
    mark(out_, parked(At::kTargetBiased));
    out_.emit.jrcxz_short(5);
    out_.emit.jmp(miss);
  }

  PieceWriter& out_;
  PieceWriter& cold_;
  StateTable& states_;
  const Block& block_;
};

}  // namespace

void emit_entry(PieceWriter& out, PieceWriter& cold, StateTable& states, const Block& block,
                Entry role) {
  EntryEmitter entry(out, cold, states, block);
  switch (role) {
    case Entry::kBody:
      break;
    case Entry::kCall:
      entry.drop_cache_address();
      break;
    case Entry::kReturn:
      entry.pop_return_address();
      entry.verify(true);
      break;
    case Entry::kIndirect:
      entry.verify(false);
      break;
  }
}

}  // namespace tiptoe::engine
