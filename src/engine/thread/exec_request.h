// execve: the recorder attaches for the call alone, to inject into the new image.
#pragma once

#include "engine/thread/signal_table.h"
#include "engine/translate/core.h"

namespace tiptoe::engine {

// Asks the recorder, waits until it is ready, and makes the kernel's signal state what the new
// image is to inherit. `path` is the address of the path argument.
void prepare_exec(Core& core, ThreadState& thread, u64 path);

// The execve was not made, or has failed: the recorder lets go, our signal state comes back.
// Nothing to do for any other call.
void withdraw_exec(Core& core, ThreadState& thread);

}  // namespace tiptoe::engine
