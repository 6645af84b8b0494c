// The x87 instruction pointer: the processor keeps the address of the last x87 instruction, which
// is one in the cache. Whoever shows it to the program shows the program's own.
#pragma once

#include "engine/translate/core.h"

namespace tiptoe::engine {

// The address of the last x87 instruction, as the processor has it.
u64 x87_pc();

// The program's address of the instruction at `machine_pc`; itself when that is not in the cache.
u64 app_x87_pc(const Core& core, u64 machine_pc);

}  // namespace tiptoe::engine
