// The program's alternate signal stack: the kernel knows only ours, so this keeps the program's as
// the kernel would (do_sigaltstack and sas_ss_flags of Linux).
#pragma once

#include <asm/signal.h>

#include "engine/context/thread_state.h"

namespace tiptoe::engine {

// Whether a thread with this stack pointer is on it. One that disarms itself is never.
bool on_altstack(const ThreadState& thread, u64 rsp);
// Whether a frame at `at` lies on it, armed or not.
bool lies_on_altstack(const ThreadState& thread, u64 at);
// Whether a handler that asks for it (SA_ONSTACK) gets it.
bool may_enter_altstack(const ThreadState& thread, u64 rsp);

// What sigaltstack(2) tells.
stack_t query_altstack(const ThreadState& thread, u64 rsp);
// What a signal frame keeps for its sigreturn: the flags as they were set.
stack_t saved_altstack(const ThreadState& thread);
// sigaltstack(2) and sigreturn(2): 0 or -errno.
i64 change_altstack(ThreadState& thread, const stack_t& stack, u64 rsp);
// A handler is entered: one that disarms itself is gone until the frame's sigreturn.
void disarm_altstack(ThreadState& thread);

}  // namespace tiptoe::engine
