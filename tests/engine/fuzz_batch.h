// Running many blocks at once: natively, under `tiptoe run` and under `tiptoe record`.
#pragma once

#include <string>
#include <vector>

#include "engine/fuzz_blocks.h"
#include "support/workshop.h"

namespace tiptoe::fuzz {

enum class How { kNative, kRun, kRecord };
const char* name_of(How how);

struct Ran {
  int status = -1;
  std::string errors;
  std::vector<FuzzResult> results;  // kFuzzStates a block; `done` is 0 for what was not reached
};

// Runs all blocks in one process.
Ran run_blocks(const testing::Workshop& workshop, const Placement& placement,
               const std::vector<u8>& pool, const std::vector<Block>& blocks, How how);

// Runs one block, and shows what it left of memory and vector registers.
struct Detailed {
  int status = -1;
  std::string errors;
  FuzzResult results[kFuzzStates];
  FuzzDump dumps[kFuzzStates];
};
Detailed run_detailed(const testing::Workshop& workshop, const Placement& placement,
                      const std::vector<u8>& pool, const Block& block, How how);

}  // namespace tiptoe::fuzz
