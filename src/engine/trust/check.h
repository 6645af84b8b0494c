// Comparing a block's app code with what was translated, at its entry.
//
// Done for code that the program can write, or that may change through another mapping. The
// comparison uses no flags and two parked registers; 8 bytes a step. A difference enters the
// dispatcher, which translates the block anew.
#pragma once

#include <span>

#include "engine/cache/code_cache.h"

namespace tiptoe::engine {

// Where a check leads that does not simply pass: numbers of exits that enter the dispatcher.
struct CheckExits {
  u32 stale;    // the code has changed
  u32 trusted;  // it has matched `matches` times; 0: it is compared for ever
  u32 matches;
};

// Emits the comparison of `bytes` (what was translated) with the memory at block.start into `out`;
// the ways out go to `cold`.
void emit_code_check(PieceWriter& out, PieceWriter& cold, StateTable& states, const Block& block,
                     std::span<const u8> bytes, const CheckExits& exits);

}  // namespace tiptoe::engine
