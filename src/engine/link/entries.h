// The ways into a block other than its body: what each finds on arrival is undone.
#pragma once

#include "engine/link/link.h"

namespace tiptoe::engine {

// Emits the prologue of `role` into `out`; control falls out of its end at the block's body. Stubs
// go to `cold`. `verified`: who comes by a lookup is known to be meant.
void emit_entry(PieceWriter& out, PieceWriter& cold, StateTable& states, const Block& block,
                Entry role, bool verified);

}  // namespace tiptoe::engine
