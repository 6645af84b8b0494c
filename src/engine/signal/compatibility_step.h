// A thread in 32-bit code is interrupted: by the trap behind each of its steps, or by a signal.
#pragma once

#include "engine/signal/deliver.h"

namespace tiptoe::engine {

// What is told of the step is recorded. True: nothing is to be delivered, and returning from the
// handler goes on. False: the frame has the registers and flags that the program has there.
bool go_on_in_compatibility_code(ThreadState& thread, int signal, const KernelFrame& frame,
                                 const Context& machine);

// What was to be delivered is not: the step goes on.
void step_on(const ThreadState& thread, const KernelFrame& frame);

}  // namespace tiptoe::engine
