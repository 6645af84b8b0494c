// System calls of the program that name code, signals, threads or our own resources. All others,
// unknown numbers included, pass through untouched.
#pragma once

#include "engine/context/gate.h"
#include "engine/dispatch/dispatch.h"
#include "engine/thread/threads.h"

namespace tiptoe::engine {

// One system call of the program: its arguments are the registers of thread.context.
struct AppCall {
  Core& core;
  ThreadState& thread;

  u64 argument(unsigned i) const {
    constexpr x86::Gpr kArguments[] = {x86::kRdi, x86::kRsi, x86::kRdx,
                                       x86::kR10, x86::kR8,  x86::kR9};
    return thread.context.gpr[kArguments[i]];
  }
  i64 number() const { return static_cast<i32>(thread.context.gpr[x86::kRax]); }
  // Makes the call from here, with the program's arguments: the kernel's result, kNotMade or
  // kTrapped.
  i64 make() const;
};

// What to do; for kDone the handler has set the result by finish().
using Handler = SyscallAction (*)(const AppCall&);

// The result, and on behind the call.
SyscallAction finish(const AppCall& call, i64 result);
SyscallAction finish(const sys::Held& held, const AppCall& call, i64 result);

// Handlers, by room.
SyscallAction on_mmap(const AppCall&);
SyscallAction on_munmap(const AppCall&);
SyscallAction on_mprotect(const AppCall&);
SyscallAction on_mremap(const AppCall&);
SyscallAction on_shmat(const AppCall&);
SyscallAction on_brk(const AppCall&);
SyscallAction on_rt_sigaction(const AppCall&);
SyscallAction on_rt_sigprocmask(const AppCall&);
SyscallAction on_rt_sigreturn(const AppCall&);
SyscallAction on_sigaltstack(const AppCall&);
SyscallAction on_clone(const AppCall&);
SyscallAction on_clone3(const AppCall&);
SyscallAction on_fork(const AppCall&);
SyscallAction on_vfork(const AppCall&);
SyscallAction on_execve(const AppCall&);
SyscallAction on_exit(const AppCall&);
SyscallAction on_exit_group(const AppCall&);
SyscallAction on_arch_prctl(const AppCall&);
SyscallAction on_rseq(const AppCall&);
SyscallAction on_prctl(const AppCall&);
SyscallAction on_seccomp(const AppCall&);

}  // namespace tiptoe::engine
