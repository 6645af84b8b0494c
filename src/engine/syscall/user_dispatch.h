// System call user dispatch: prctl(PR_SET_SYSCALL_USER_DISPATCH) asks that a thread's system calls
// become SIGSYS, unless they come from a range of its code or a byte of its memory allows them. It
// is kept here, and the kernel never hears of it: it would catch the runtime's own calls, too.
#pragma once

#include "engine/syscall/syscalls.h"

namespace tiptoe::engine {

// The prctl itself: 0 or an error.
i64 set_user_dispatch(const AppCall& call);

// Whether the call that the thread is about to make shall be a signal.
bool is_user_dispatched(const AppCall& call);
SyscallAction raise_user_dispatch(const AppCall& call);

}  // namespace tiptoe::engine
