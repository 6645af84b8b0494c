// System calls that the program makes by int 0x80.
#pragma once

#include "engine/syscall/syscalls.h"

namespace tiptoe::engine {

// The call at thread.context. What gate.S is to do then. `exit`: of the block that ends with it;
// nullptr in 32-bit code.
SyscallAction on_int80(Core& core, ThreadState& thread, const Exit* exit);

}  // namespace tiptoe::engine
