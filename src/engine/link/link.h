// Links: exits patched to jump straight to the next block, and the way back.
#pragma once

#include "engine/cache/code_cache.h"

namespace tiptoe::engine {

// The state of the thread while it is on its way along an exit: at the patchable jump, in the stub
// it leads to while unlinked, in a thunk between regions.
ParkedState state_on_the_way(const Exit& exit);

// Leads `exit` to its role's entry of `to`, which must exist. Takes effect for other threads at
// once, by one atomic 4-byte store. When the entry is out of reach of a 32-bit displacement, a
// thunk is made; false when there is no room for it near the exit.
bool link(const sys::Held& held, CodeCache& cache, StateTable& states, Exit& exit, Block& to);

// Back to the stub. The block it was linked to forgets it.
void unlink(const sys::Held&, Exit& exit);

// Unlinks every exit that leads to `block`.
void unlink_incoming(const sys::Held& held, Block& block);

}  // namespace tiptoe::engine
