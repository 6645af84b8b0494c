// The ways into a block other than its body: what each finds on arrival is undone, and verified.
#pragma once

#include "engine/link/link.h"

namespace tiptoe::engine {

// Emits the prologue of `role` into `out`; control falls out of its end at the block's body. Stubs
// and constants go to `cold`. `flags_dead`: the block overwrites all status flags before it reads
// any.
void emit_entry(PieceWriter& out, PieceWriter& cold, StateTable& states, const Block& block,
                Entry role, bool flags_dead);

}  // namespace tiptoe::engine
