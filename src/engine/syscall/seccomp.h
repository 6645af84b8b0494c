// Seccomp: what the program forbids itself, it does not forbid the runtime.
//
// Every filter that the program installs gets a few instructions in front that allow what comes
// from the call page (sys/syscall.h). Calls of the program itself, also those that C++ makes for
// it, come from elsewhere: the program's filter judges them as it would have natively. Filters are
// inherited by execve, and so is the call page's address.
//
// Strict mode knows no addresses: it is kept here, and the kernel never hears of it.
#pragma once

#include "engine/syscall/syscalls.h"

namespace tiptoe::engine {

// Some calls are answered by the runtime and never made. What do the filters say of them? 0: they
// allow it. Else what to answer.
i64 filters_answer(const AppCall& call);

bool strict_mode_allows(i64 number);
// The thread has made a call that strict mode forbids.
SyscallAction end_in_strict_mode(const AppCall& call);

}  // namespace tiptoe::engine
