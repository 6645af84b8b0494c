// Threads and processes: clone and its kin, execve, the ends.
#include <asm/errno.h>
#include <asm/prctl.h>
#include <linux/sched.h>

#include "arch/x86/processor.h"
#include "engine/context/safe_copy.h"
#include "engine/syscall/syscalls.h"
#include "engine/thread/exec_request.h"
#include "sys/signal_frame.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

SyscallAction follow_child(const AppCall& call, u64 flags) {
  // A process that shares memory with a parent that goes on at once is a thread to us in all but
  // name.
  const CloneKind kind{
      (flags & CLONE_VM) != 0,    (flags & CLONE_SIGHAND) != 0,       (flags & CLONE_THREAD) != 0,
      (flags & CLONE_VFORK) != 0, (flags & CLONE_CLEAR_SIGHAND) != 0, false};
  call.thread.syscall_recorded = 0;
  prepare_clone(call.core, call.thread, kind);
  return SyscallAction::kClone;
}

// Nothing may interrupt the thread once it does not record any more. False when a signal has come
// before: it is delivered first, and the call made again.
bool end_for_good(const AppCall& call) {
  set_kernel_mask(~sys::SignalSet{0});
  if (call.thread.pending != 0) {
    apply_app_mask(call.thread);
    return false;
  }
  call.thread.exact_mask = 1;  // all stay blocked
  end_thread(call.core, call.thread);
  return true;
}

}  // namespace

SyscallAction on_clone(const AppCall& call) {
  return follow_child(call, call.argument(0));
}

SyscallAction on_clone3(const AppCall& call) {
  u64 flags = 0;
  // What the kernel cannot read it refuses; so a failed read passes through to be refused.
  if (safe_copy(&flags, reinterpret_cast<const void*>(call.argument(0)), sizeof flags) != 0) {
    return SyscallAction::kPassThrough;
  }
  return follow_child(call, flags);
}

SyscallAction on_fork(const AppCall& call) {
  return follow_child(call, 0);
}

SyscallAction on_vfork(const AppCall& call) {
  return follow_child(call, CLONE_VM | CLONE_VFORK);
}

// Made through the gate: a signal that comes first interrupts it as it would natively.
SyscallAction on_execve(const AppCall& call) {
  Core& core = call.core;
  ThreadState& thread = call.thread;
  const bool at = call.number == __NR_execveat;
  {
    const sys::Held held(core.lock);
    core.definitions.exec(thread.process);
  }
  prepare_exec(core, thread, call.argument(at ? 1 : 0));
  return SyscallAction::kPassThrough;
}

SyscallAction on_exit(const AppCall& call) {
  if (!end_for_good(call)) return SyscallAction::kDone;
  // The parent of a vfork reads our state when we are gone, and gives it back.
  if (call.thread.clone_kind.is_vfork && !call.thread.clone_kind.is_thread) {
    return SyscallAction::kPassThrough;
  }
  return SyscallAction::kExit;
}

SyscallAction on_exit_group(const AppCall& call) {
  if (!end_for_good(call)) return SyscallAction::kDone;
  return SyscallAction::kPassThrough;
}

SyscallAction on_arch_prctl(const AppCall& call) {
  constexpr u64 kShadowStackEnable = 0x5001, kShadowStackStatus = 0x5005;
  constexpr u64 kTaskSize = (u64{1} << 47) - kPageBytes;
  switch (call.argument(0)) {
    case ARCH_SET_GS: {
      if (call.argument(1) >= kTaskSize) return finish(call, -EPERM);
      u16 selector;
      asm("mov %%gs, %0" : "=r"(selector));
      if (selector != 0 && has_fsgsbase(call.core)) load_gs_selector(call.thread, 0);
      call.thread.app_gs_base = call.argument(1);
      return finish(call, 0);
    }
    case ARCH_GET_GS: {
      const u64 base = call.thread.app_gs_base;
      const bool failed =
          safe_copy(reinterpret_cast<void*>(call.argument(1)), &base, sizeof base) != 0;
      return finish(call, failed ? -EFAULT : 0);
    }
    case ARCH_SET_CPUID:
      (void)x86::has_apx();  // what the engine asks, it asks while it may
      return SyscallAction::kPassThrough;
    case kShadowStackEnable: {
      // Our returns would not balance the shadow stack. A kernel without them says so itself.
      u64 features;
      if (sys::is_error(sys::call(__NR_arch_prctl, kShadowStackStatus, &features))) {
        return SyscallAction::kPassThrough;
      }
      return finish(call, -EOPNOTSUPP);
    }
    default:
      return SyscallAction::kPassThrough;
  }
}

// The program's own area is registered with the kernel, which keeps its processor numbers. The
// critical sections that the kernel sees are those of the cache: translate/rseq.h. Under check
// there is no such call: what the kernel writes at any time cannot be compared with a twin's.
SyscallAction on_rseq(const AppCall& call) {
  if (call.core.check != nullptr) return finish(call, -ENOSYS);
  constexpr u64 kUnregister = 1;
  const bool unregisters = (call.argument(2) & kUnregister) != 0;
  if (!unregisters) {
    const sys::Held held(call.core.lock);
    if (!call.core.rseq.enable(held, static_cast<u32>(call.argument(3)))) {
      return finish(held, call, -ENOSYS);
    }
  }
  const i64 result = call.make();
  if (result == 0) call.thread.rseq_area = unregisters ? 0 : call.argument(0);
  return finish(call, result);
}

}  // namespace tiptoe::engine
