// The futex calls that the outside needs: on words shared between processes.
#pragma once

#include "base/types.h"

namespace tiptoe::record {

// Returns when woken, when `word` is not `expected`, on a signal, or after the timeout (-1: none).
void futex_wait(const u32& word, u32 expected, int timeout_ms);
void futex_wake_all(const u32& word);
void futex_wake_all(const void* word);  // a word of another 4-byte type

}  // namespace tiptoe::record
