#include "engine/link/entries.h"

namespace tiptoe::engine {
namespace {

using x86::kRcx;
using x86::kRdx;

class EntryEmitter {
 public:
  EntryEmitter(PieceWriter& out, PieceWriter& cold, StateTable& states, const Block& block)
      : out_(out), cold_(cold), states_(states), block_(block) {}

  void drop_word() {
    ParkedState state;
    state.rsp_adjust = 8;
    mark(out_, state);
    out_.emit.lea(x86::kRsp, x86::kRsp, 8);
  }

  void restore_rcx() {
    mark(out_, at_block());
    out_.emit.mov_r_gs(kRcx, spill_offset(Spill::kBranch));
  }

  // The entry of a small table may have been made for another target: goes on when this block is
  // meant, else to the dispatcher. Flags are kept: a signal may come here, and who is not meant
  // goes on to a block that may read them.
  void verify() {
    const CachePc miss = cold_.emit.here();
    mark(cold_, coming());
    cold_.emit.mov_gs_r(spill_offset(Spill::kBranch2), kRdx);
    cold_.emit.jmp_gs(offsetof(ThreadState, enter_indirect));

    mark(out_, coming());
    out_.emit.mov_r_gs(kRcx, offsetof(ThreadState, target));
    subtract_start();
    out_.emit.jrcxz_short(5);
    out_.emit.jmp(miss);
  }

 private:
  static ParkedState coming(bool rdx = false) {
    ParkedState state;
    state.at = At::kTargetInSlot;
    state.parked[0] = parked_in(kRcx, Spill::kBranch);
    if (rdx) state.parked[1] = parked_in(kRdx, Spill::kBranch2);
    return state;
  }
  static ParkedState at_block() {
    ParkedState state;
    state.parked[0] = parked_in(kRcx, Spill::kBranch);
    return state;
  }
  void mark(PieceWriter& writer, const ParkedState& state) {
    writer.mark(0, 0, states_.intern(state));
  }

  // From rcx, without flags.
  void subtract_start() {
    const u64 start = raw(block_.start);
    if (x86::fits_i32(-static_cast<i64>(start))) {
      out_.emit.lea(kRcx, kRcx, static_cast<i32>(-start));
      return;
    }
    out_.emit.mov_gs_r(spill_offset(Spill::kBranch2), kRdx);
    mark(out_, coming(true));
    out_.emit.mov_r_imm(kRdx, -start);
    out_.emit.lea_sum(kRcx, kRcx, kRdx);
    out_.emit.mov_r_gs(kRdx, spill_offset(Spill::kBranch2));
    mark(out_, coming());
  }

  PieceWriter& out_;
  PieceWriter& cold_;
  StateTable& states_;
  const Block& block_;
};

}  // namespace

void emit_entry(PieceWriter& out, PieceWriter& cold, StateTable& states, const Block& block,
                Entry role, bool verified) {
  EntryEmitter entry(out, cold, states, block);
  switch (role) {
    case Entry::kBody:
      break;
    case Entry::kDrop:
      entry.drop_word();
      break;
    case Entry::kIndirect:
      if (!verified) entry.verify();
      entry.restore_rcx();
      break;
  }
}

}  // namespace tiptoe::engine
