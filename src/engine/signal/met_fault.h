// A fault that the runtime has met in the program's place, when the program cannot be sent to meet
// it itself: an operand in gs, executed where it stands, would be in the thread state.
#pragma once

#include "engine/context/thread_state.h"

namespace tiptoe::engine {

// The processor's #GP for a selector that it refuses.
void meet_refused_selector(ThreadState& thread, u16 selector);

// The fault that was met last is delivered next, at context.pc. False when a signal waits already:
// it is due before the instruction.
bool hold_met_fault(ThreadState& thread);

}  // namespace tiptoe::engine
