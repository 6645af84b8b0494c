// Which instructions of which functions were executed, from a trace recorded with --mode coverage.
//
// There a block ends at its first branch, and is defined when it is first reached: so every
// instruction of every block in the trace was executed (but for those behind one that faulted).
#pragma once

#include <vector>

#include "analysis/code_map.h"

namespace tiptoe::analysis {

struct FunctionCoverage {
  FunctionId function = 0;
  u64 instructions = 0;  // that were executed, each counted once
  u64 bytes = 0;         // of them
};

struct Coverage {
  u64 instructions = 0;
  u64 bytes = 0;
  std::vector<FunctionCoverage> functions;  // by instructions, largest first
};

// Of all images and processes together. Cost: a symbol lookup for each instruction of each block.
Coverage make_coverage(const trace::Program& program, symbol::Symbolizer& symbols);

}  // namespace tiptoe::analysis
