// System calls of the program that name code, signals, threads or our own resources. All others,
// unknown numbers included, pass through untouched.
#pragma once

#include "engine/context/gate.h"
#include "engine/dispatch/dispatch.h"
#include "engine/thread/threads.h"

namespace tiptoe::engine {

// One system call of the program, by its number in the 64-bit table and its arguments.
struct AppCall {
  Core& core;
  ThreadState& thread;
  i64 number;
  u64 arguments[6];

  u64 argument(unsigned i) const { return arguments[i]; }
  // Makes the call from here, as the program would: the kernel's result, kNotMade or kTrapped.
  i64 make() const;
};

// The call that thread.context makes by `syscall`.
AppCall app_call(Core& core, ThreadState& thread);

// The handler of the call's number does what it does; kPassThrough when there is none.
SyscallAction dispatch(const AppCall& call);

// What is left to do before the call is made with the program's registers.
SyscallAction prepared(ThreadState& thread, SyscallAction action);

// The exit and the number are recorded before the call is made: what never returns is in the trace
// all the same. Room is made first, so that the words can be taken back when a signal comes before
// the call.
void record_syscall(Core& core, ThreadState& thread, const Exit& exit);

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
SyscallAction on_madvise(const AppCall&);
SyscallAction on_process_madvise(const AppCall&);
SyscallAction on_shmdt(const AppCall&);
SyscallAction on_brk(const AppCall&);
SyscallAction on_personality(const AppCall&);
SyscallAction on_set_mdwe(const AppCall&);
SyscallAction on_open(const AppCall&);
SyscallAction on_openat(const AppCall&);
SyscallAction on_openat2(const AppCall&);
SyscallAction on_creat(const AppCall&);
SyscallAction on_userfaultfd(const AppCall&);
SyscallAction on_rt_sigaction(const AppCall&);
SyscallAction on_rt_sigprocmask(const AppCall&);
SyscallAction on_rt_sigreturn(const AppCall&);
SyscallAction on_sigaltstack(const AppCall&);
SyscallAction on_rt_sigsuspend(const AppCall&);
SyscallAction on_rt_sigtimedwait(const AppCall&);
SyscallAction on_ppoll(const AppCall&);
SyscallAction on_pselect6(const AppCall&);
SyscallAction on_epoll_pwait(const AppCall&);  // and epoll_pwait2
SyscallAction on_io_pgetevents(const AppCall&);
SyscallAction on_io_uring_enter(const AppCall&);
SyscallAction on_clone(const AppCall&);
SyscallAction on_clone3(const AppCall&);
SyscallAction on_fork(const AppCall&);
SyscallAction on_vfork(const AppCall&);
SyscallAction on_execve(const AppCall&);
SyscallAction on_exit(const AppCall&);
SyscallAction on_exit_group(const AppCall&);
SyscallAction on_arch_prctl(const AppCall&);
SyscallAction on_rseq(const AppCall&);
SyscallAction on_mlockall(const AppCall&);
SyscallAction on_munlockall(const AppCall&);
SyscallAction on_getrlimit(const AppCall&);
SyscallAction on_setrlimit(const AppCall&);
SyscallAction on_prlimit(const AppCall&);
SyscallAction on_prctl(const AppCall&);
SyscallAction on_seccomp(const AppCall&);

}  // namespace tiptoe::engine
