// Which flags a block cannot notice: those that it overwrites before any use.
#pragma once

#include <span>

#include "base/types.h"

namespace tiptoe::check {

// The subset of `flags` (bits as in RFLAGS) whose value matters to the code in `bytes`: some
// instruction may read it, or the code ends, before it is overwritten whatever happens.
// Works by Zydis' tables, so that it doubts the engine's own.
u64 live_flags(std::span<const u8> bytes, u64 flags);

}  // namespace tiptoe::check
