// rt_sigreturn(2) by the program: back from a frame that deliver() built, that the program may have
// edited, or that it has made itself.
#pragma once

#include "engine/signal/deliver.h"

namespace tiptoe::engine {

// The frame is on top of thread.context's stack. Returns only when there is none that can be read:
// then a SIGSEGV waits to be delivered, and the call has returned 0, as the kernel has it.
void app_sigreturn(Core& core, ThreadState& thread);

}  // namespace tiptoe::engine
