// mlockall: the program's memory is locked, mapping by mapping. The kernel would also fill the
// runtime's tables, which reserve tens of gigabytes, and count them against RLIMIT_MEMLOCK.
#pragma once

#include "engine/syscall/syscalls.h"

namespace tiptoe::engine {

// After the program has mapped memory: as mlockall(MCL_FUTURE) wants it.
void lock_new_memory(const Core& core, u64 start, u64 bytes);

}  // namespace tiptoe::engine
