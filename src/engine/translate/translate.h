// Translating: from an app pc to a block in the cache that can be entered in the way asked for.
#pragma once

#include "engine/translate/core.h"

namespace tiptoe::engine {

// The block at `pc` with entry `role`: found, extended by the entry, or translated. nullptr when no
// instruction can be fetched there, so that executing it must fault.
Block* translate(const sys::Held& held, Core& core, AppPc pc, Entry role);

// Makes the blocks with a byte in [start, start + bytes) unreachable. Threads inside them leave by
// their next exit.
void invalidate(const sys::Held& held, Core& core, u64 start, u64 bytes);
// A checked block has matched often enough: from now on its code is trusted.
void trust_block(const sys::Held& held, Core& core, Block& block);
void invalidate_block(const sys::Held& held, Core& core, Block& block);

}  // namespace tiptoe::engine
