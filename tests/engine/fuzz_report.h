// Saying how a block went differently through the engine.
#pragma once

#include <string>

#include "engine/fuzz_batch.h"

namespace tiptoe::fuzz {

bool same(const FuzzResult& a, const FuzzResult& b);

// The bytes, disassembled; the initial state; the first differences of the results.
std::string describe(const Block& block);
std::string describe_state(const FuzzState& state);
std::string first_differences(const FuzzResult& native, const FuzzResult& engine);
// Where the memories and vector registers differ.
std::string dump_differences(const FuzzDump& native, const FuzzDump& engine);

}  // namespace tiptoe::fuzz
