// Where our two mappings go in a fresh address space.
//
// Rules, in order of weight: never where the kernel or the program would put something of its own
// (addresses of the program's own mappings stay as they are natively); inside the ranges that
// sanitizers take for ordinary application memory; the runtime near the dynamic linker and the
// vdso. docs in the .cpp, next to each number.
#pragma once

#include "base/types.h"
#include "inject/process_facts.h"
#include "trace/result.h"

namespace tiptoe::inject {

// For the runtime image: `bytes` whole pages, with unmapped guard room on both sides.
Expected<u64> place_runtime(const ProcessFacts& facts, u64 bytes);

// For the shared memory, which may be gigabytes of address space.
Expected<u64> place_segment(const ProcessFacts& facts, u64 bytes);

}  // namespace tiptoe::inject
