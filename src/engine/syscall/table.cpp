// The table of wrapped system calls, a line a number, and the way in from gate.S.
#include <asm/errno.h>

#include "engine/dispatch/check_point.h"
#include "engine/dispatch/dispatch.h"
#include "engine/syscall/seccomp.h"
#include "engine/syscall/syscalls.h"
#include "engine/syscall/user_dispatch.h"
#include "engine/thread/exec_request.h"
#include "engine/translate/evict.h"
#include "sys/fail.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

struct Wrapped {
  i64 number;
  Handler handler;
};

constexpr Wrapped kWrapped[] = {
    // The address space: code may come, go and change.
    {__NR_mmap, on_mmap},
    {__NR_munmap, on_munmap},
    {__NR_mprotect, on_mprotect},
    {__NR_pkey_mprotect, on_mprotect},
    {__NR_mremap, on_mremap},
    {__NR_madvise, on_madvise},
    {__NR_process_madvise, on_process_madvise},
    {__NR_shmat, on_shmat},
    {__NR_shmdt, on_shmdt},
    {__NR_brk, on_brk},
    {__NR_personality, on_personality},
    {__NR_userfaultfd, on_userfaultfd},
    // Files: what is opened for writing may be code.
    {__NR_open, on_open},
    {__NR_openat, on_openat},
    {__NR_openat2, on_openat2},
    {__NR_open_by_handle_at, on_openat},
    {__NR_creat, on_creat},
    {__NR_mlockall, on_mlockall},
    {__NR_munlockall, on_munlockall},
    // Signals: handlers are entered and left through the engine.
    {__NR_rt_sigaction, on_rt_sigaction},
    {__NR_rt_sigprocmask, on_rt_sigprocmask},
    {__NR_rt_sigreturn, on_rt_sigreturn},
    {__NR_sigaltstack, on_sigaltstack},
    {__NR_rt_sigsuspend, on_rt_sigsuspend},
    {__NR_rt_sigtimedwait, on_rt_sigtimedwait},
    {__NR_ppoll, on_ppoll},
    {__NR_pselect6, on_pselect6},
    {__NR_epoll_pwait, on_epoll_pwait},
    {__NR_epoll_pwait2, on_epoll_pwait},
    {__NR_io_pgetevents, on_io_pgetevents},
    {__NR_io_uring_enter, on_io_uring_enter},
    // Threads and processes: followed from their first instruction.
    {__NR_clone, on_clone},
    {__NR_clone3, on_clone3},
    {__NR_fork, on_fork},
    {__NR_vfork, on_vfork},
    {__NR_execve, on_execve},
    {__NR_execveat, on_execve},
    {__NR_exit, on_exit},
    {__NR_exit_group, on_exit_group},
    // What the engine itself uses.
    {__NR_arch_prctl, on_arch_prctl},
    {__NR_rseq, on_rseq},
    {__NR_getrlimit, on_getrlimit},
    {__NR_setrlimit, on_setrlimit},
    {__NR_prlimit64, on_prlimit},
    {__NR_prctl, on_prctl},
    {__NR_seccomp, on_seccomp},
};

constexpr i64 kMaxNumber = 512;
struct Index {
  u8 slot[kMaxNumber];  // index into kWrapped + 1
};
constexpr Index make_index() {
  Index index{};
  u8 i = 0;
  for (const Wrapped& wrapped : kWrapped) index.slot[wrapped.number] = ++i;
  return index;
}
constexpr Index kIndex = make_index();

}  // namespace

SyscallAction dispatch(const AppCall& call) {
  const i64 number = call.number;
  if (is_user_dispatched(call)) return raise_user_dispatch(call);
  if (call.thread.strict_seccomp != 0 && !strict_mode_allows(number))
    return end_in_strict_mode(call);
  if (call.core.filtered && call.thread.legacy_call == 0) {
    if (const i64 answer = filters_answer(call); answer != 0) return finish(call, answer);
  }
  if (number < 0 || number >= kMaxNumber || kIndex.slot[number] == 0) {
    return SyscallAction::kPassThrough;
  }
  return kWrapped[kIndex.slot[number] - 1].handler(call);
}

SyscallAction prepared(ThreadState& thread, SyscallAction action) {
  if (action == SyscallAction::kPassThrough) apply_exact_mask(thread);
  return action;
}

void record_syscall(Core& core, ThreadState& thread, const Exit& exit) {
  if (!thread.recording) return;
  make_flow_room(core.events, thread, 64);
  const u64 before = thread.cursor;
  put_exit(core.events, thread, exit.flow_id);
  put_control(core.events, thread, Control::kSyscall, {low32(thread.context.gpr[x86::kRax])});
  thread.syscall_recorded = static_cast<u32>(thread.cursor - before);
}

AppCall app_call(Core& core, ThreadState& thread) {
  const u64(&gpr)[16] = thread.context.gpr;
  return {core,
          thread,
          static_cast<i32>(gpr[x86::kRax]),
          {gpr[x86::kRdi], gpr[x86::kRsi], gpr[x86::kRdx], gpr[x86::kR10], gpr[x86::kR8],
           gpr[x86::kR9]}};
}

namespace {

// A sigtimedwait was woken for a fault signal, but a thread that returned to the code cache with it
// blocked had it first, and keeps it. The call is made again, and finds it.
bool was_robbed(ThreadState& thread) {
  const bool waited = thread.waits_for_fault != 0;
  thread.waits_for_fault = 0;
  const i64 result = static_cast<i64>(thread.context.gpr[x86::kRax]);
  return waited && (result == -EINTR || result == -EAGAIN) && keeps_fault(thread, kFaultSignals);
}
void wait_again(ThreadState& thread) {
  thread.context.gpr[x86::kRax] = __NR_rt_sigtimedwait;
  resume_at_pc(*thread.core, thread);
}

}  // namespace

i64 AppCall::make() const {
  thread.call_trapped = 0;
  const i64 result = tiptoe_app_syscall();
  return thread.call_trapped != 0 ? kTrapped : result;
}

SyscallAction finish(const sys::Held& held, const AppCall& call, i64 result) {
  if (result == kTrapped)
    result = static_cast<i32>(call.thread.context.gpr[x86::kRax]);  // what the kernel leaves in rax
  // What is not made stays to be made: the program is still at its instruction.
  if (result != kNotMade) finish_syscall(call.thread, result);
  resume_at_pc(held, call.core, call.thread);
  return SyscallAction::kDone;
}

SyscallAction finish(const AppCall& call, i64 result) {
  const sys::Held held(call.core.lock);
  return finish(held, call, result);
}

extern "C" {

int tiptoe_on_syscall(ThreadState& thread) {
  take_cursor(thread);
  Core& core = *thread.core;
  const Exit& exit = core.exit(thread.exit_index);
  thread.after_syscall = nullptr;
  thread.context.pc = exit.owner->start + exit.app_offset;
  sys::log(3, "syscall", thread.context.gpr[x86::kRax], thread.context.gpr[x86::kRdi],
           thread.context.gpr[x86::kRsi]);
  if (core.check != nullptr) post_check(core, thread, CheckPost::kBeforeSyscall);
  record_syscall(core, thread, exit);
  release_cache(thread);  // the call may take for ever
  thread.legacy_call = 0;
  return static_cast<int>(prepared(thread, dispatch(app_call(core, thread))));
}

void tiptoe_after_syscall(ThreadState& thread) {
  leave_exact_mask(thread);
  thread.has_temporary_mask = 0;
  if (was_robbed(thread)) return wait_again(thread);
  withdraw_exec(*thread.core, thread);
  finish_syscall(thread, static_cast<i64>(thread.context.gpr[x86::kRax]));
  resume_at_pc(*thread.core, thread);
}

}  // extern "C"

}  // namespace tiptoe::engine
