#include "analysis/coverage.h"

#include <algorithm>
#include <unordered_map>

namespace tiptoe::analysis {
namespace {

// The executed instructions of one function: its offsets, and how long each is.
using Offsets = std::unordered_map<u64, u8>;

void add_block(const trace::Image& image, const trace::Block& block, symbol::Symbolizer& symbols,
               std::unordered_map<FunctionId, Offsets>& functions) {
  for (const Instruction& instruction : decode_block(image, block)) {
    const symbol::Place place = symbols.find(instruction.module, instruction.pc);
    functions[place.function][place.offset] = static_cast<u8>(instruction.bytes.size());
  }
}

FunctionCoverage sum_of(FunctionId function, const Offsets& offsets) {
  FunctionCoverage sum{function, offsets.size(), 0};
  for (const auto& [offset, bytes] : offsets) sum.bytes += bytes;
  return sum;
}

}  // namespace

Coverage make_coverage(const trace::Program& program, symbol::Symbolizer& symbols) {
  std::unordered_map<FunctionId, Offsets> functions;
  for (const trace::Image& image : program.images) {
    for (const trace::Block& block : image.blocks) add_block(image, block, symbols, functions);
  }
  Coverage coverage;
  for (const auto& [function, offsets] : functions) {
    coverage.functions.push_back(sum_of(function, offsets));
    coverage.instructions += coverage.functions.back().instructions;
    coverage.bytes += coverage.functions.back().bytes;
  }
  std::sort(coverage.functions.begin(), coverage.functions.end(),
            [](const FunctionCoverage& a, const FunctionCoverage& b) {
              return a.instructions != b.instructions ? a.instructions > b.instructions
                                                      : a.function < b.function;
            });
  return coverage;
}

}  // namespace tiptoe::analysis
