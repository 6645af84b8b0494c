// Asking the kernel what is mapped at an address: when our own list says that there is no code.
//
// The list in address_space.h misses what happens without a system call that we look at (a stack
// made executable as it grows, READ_IMPLIES_EXEC set later). Before a thread is sent to fault,
// /proc/self/maps has the last word. Costs tens of microseconds; only on the way to a fault.
#pragma once

#include "engine/trust/address_space.h"

namespace tiptoe::engine {

// The executable mapping that holds `address`, by the kernel's word. False when there is none, or
// the kernel cannot be asked (no /proc, no free descriptor).
bool find_in_kernel_maps(u64 address, CodeRange& out);

// Calls `visit` for each mapping of the process, by address, until it returns false. False when the
// kernel cannot be asked.
bool visit_kernel_maps(void* context, bool (*visit)(void* context, const CodeRange& mapping));

}  // namespace tiptoe::engine
