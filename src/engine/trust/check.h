// Comparing a block's app code with what was translated, at its entry.
//
// Done for code that the program can write, or that may change through another mapping. The
// comparison uses no flags and two parked registers; 8 bytes a step. A difference enters the
// dispatcher, which translates the block anew.
#pragma once

#include <span>

#include "engine/cache/code_cache.h"

namespace tiptoe::engine {

// Emits the comparison of `bytes` (what was translated) with the memory at block.start into `out`;
// the way out goes to `cold`.
void emit_code_check(PieceWriter& out, PieceWriter& cold, StateTable& states, const Block& block,
                     std::span<const u8> bytes, u32 exit_index);

}  // namespace tiptoe::engine
