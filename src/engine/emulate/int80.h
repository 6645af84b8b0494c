// System calls that 64-bit code makes by int 0x80.
#pragma once

#include "engine/syscall/syscalls.h"

namespace tiptoe::engine {

// The call at thread.context. What gate.S is to do then.
SyscallAction on_int80(Core& core, ThreadState& thread, const Exit& exit);

}  // namespace tiptoe::engine
