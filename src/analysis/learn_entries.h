// Finds where functions begin in code that no symbol and no unwind table describes (generated code,
// bare assembler): where it was called.
#pragma once

#include <span>

#include "symbol/symbolizer.h"
#include "trace/reader.h"

namespace tiptoe::analysis {

// Reads the given streams once if, and only if, some executed block lies in such code. To be called
// before anything else is asked of `symbols`.
void learn_entries(const trace::Reader& reader, const trace::Program& program,
                   std::span<const u32> streams, symbol::Symbolizer& symbols);

}  // namespace tiptoe::analysis
