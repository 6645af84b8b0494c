// Room in the code cache: which unit new code goes to, and what is thrown away for it.
// docs/CACHE.md has the states of a unit and why none is used again too early.
#pragma once

#include "engine/translate/core.h"

namespace tiptoe::engine {

// A unit with room for a block near `pc`. May evict the oldest unit: blocks that the caller knows
// may become invalid, but stay in memory until the thread's next visit to the runtime.
Unit& unit_for(const sys::Held&, Core& core, AppPc pc);

// The thread is given an address in the cache: from now on, what is evicted waits for it.
void hold_cache(const sys::Held&, const Core& core, ThreadState& thread);
// The thread gives up every address in the cache, and every number of an exit, until it is given
// another.
void release_cache(ThreadState& thread);

// Makes all translated code unreachable, and gives the lookup tables their other index.
void salt_tables(const sys::Held& held, Core& core);

}  // namespace tiptoe::engine
