// `tiptoe run --check`: the runtime's side of the lock-step comparison with a native twin.
//
// In check mode every block's body begins with a check point: it enters the runtime, which posts
// the program's state in the mailbox and waits until the checker has brought its twin to the same
// place. All other emitted code, links, tables and landings are as without checking. Without check
// mode nothing of this is emitted, and the runtime tests one pointer a system call and a signal.
#pragma once

#include "bridge/check_mailbox.h"
#include "engine/translate/core.h"

namespace tiptoe::engine {

// Turns check mode on: before the first translation, by the thread that is to be checked.
void begin_check(Core& core);

// Posts thread.context, as it is, and waits for the checker. Only in check mode; does nothing for
// any other thread or process than the one that began.
void post_check(Core& core, const ThreadState& thread, CheckPost kind);
// The same for CheckPost::kInterrupted.
void post_interruption(Core& core, const ThreadState& thread, int signal, bool is_fault);

}  // namespace tiptoe::engine
