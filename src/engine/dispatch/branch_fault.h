// A jump, call or return to an address that is none (not canonical): the branch itself faults, and
// nothing of it has happened. Here the thread finds out when it has left its block, so the branch
// is taken back.
#pragma once

#include "engine/translate/core.h"

namespace tiptoe::engine {

// Whether the processor takes it for an address at all.
bool is_address(AppPc pc);

// The thread has left by `exit` for context.pc, which is no address: goes back to before the
// branch, its flow word too, and is sent to fault as the branch does. (Where the code of the branch
// is gone, the thread has arrived.)
void fault_in_branch(Core& core, ThreadState& thread, const Exit& exit);

}  // namespace tiptoe::engine
