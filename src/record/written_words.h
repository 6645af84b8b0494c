// How much of a chunk was written by a thread that died before it sealed it.
#pragma once

#include <span>

#include "base/types.h"

namespace tiptoe::record {

// The number of words up to the first that was not written. A control record counts as a whole.
size_t written_words(std::span<const u32> chunk);

}  // namespace tiptoe::record
