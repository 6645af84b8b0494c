// Signal system calls: the program's view of actions, mask and alternate stack.
#include <asm/errno.h>

#include "engine/context/safe_copy.h"
#include "engine/signal/altstack.h"
#include "engine/signal/sigreturn.h"
#include "engine/syscall/syscalls.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

constexpr sys::SignalSet kNeverBlocked = sys::signal_bit(SIGKILL) | sys::signal_bit(SIGSTOP);

bool read_app(u64 address, auto& value) {
  return safe_copy(&value, reinterpret_cast<const void*>(address), sizeof value) == 0;
}
bool write_app(u64 address, const auto& value) {
  return safe_copy(reinterpret_cast<void*>(address), &value, sizeof value) == 0;
}

i64 sigaction_result(const AppCall& call) {
  if (call.argument(3) != sizeof(sys::SignalSet)) return -EINVAL;
  sys::KernelSigaction action, old;
  const bool changes = call.argument(1) != 0;
  if (changes && !read_app(call.argument(1), action)) return -EFAULT;
  const i64 result = change_action(*call.thread.signals, static_cast<int>(call.argument(0)),
                                   changes ? &action : nullptr, &old);
  if (result == 0 && changes && action.handler == sys::kSigIgn) {
    forget_kept_fault(call.thread, static_cast<int>(call.argument(0)));
  }
  if (result == 0 && call.argument(2) != 0 && !write_app(call.argument(2), old)) return -EFAULT;
  return result;
}

i64 sigprocmask_result(const AppCall& call) {
  ThreadState& thread = call.thread;
  if (call.argument(3) != sizeof(sys::SignalSet)) return -EINVAL;
  const sys::SignalSet old = thread.app_mask;
  if (call.argument(1) != 0) {
    sys::SignalSet set;
    if (!read_app(call.argument(1), set)) return -EFAULT;
    switch (static_cast<int>(call.argument(0))) {
      case SIG_BLOCK:
        set = old | set;
        break;
      case SIG_UNBLOCK:
        set = old & ~set;
        break;
      case SIG_SETMASK:
        break;
      default:
        return -EINVAL;
    }
    if (!change_app_mask(thread, set & ~kNeverBlocked)) return kNotMade;
    give_back_unblocked_faults(thread);
  }
  if (call.argument(2) != 0 && !write_app(call.argument(2), old)) return -EFAULT;
  return 0;
}

i64 sigaltstack_result(const AppCall& call) {
  ThreadState& thread = call.thread;
  const u64 rsp = thread.context.gpr[x86::kRsp];
  const stack_t old = query_altstack(thread, rsp);
  if (call.argument(0) != 0) {
    stack_t stack;
    if (!read_app(call.argument(0), stack)) return -EFAULT;
    if (const i64 error = change_altstack(thread, stack, rsp); error != 0) return error;
  }
  if (call.argument(1) != 0 && !write_app(call.argument(1), old)) return -EFAULT;
  return 0;
}

// A mask that replaces the thread's for the time of the call.
SyscallAction with_temporary_mask(const AppCall& call, u64 address, u64 bytes) {
  ThreadState& thread = call.thread;
  sys::SignalSet mask;
  if (address != 0 && bytes == sizeof mask && read_app(address, mask)) {
    thread.temporary_mask = mask & ~kNeverBlocked;
    thread.has_temporary_mask = 1;
  }
  return SyscallAction::kPassThrough;
}

// The same, where address and size are in memory.
SyscallAction with_temporary_mask_at(const AppCall& call, u64 pair_address) {
  struct {
    u64 address, bytes;
  } pair;
  if (pair_address == 0 || !read_app(pair_address, pair)) return SyscallAction::kPassThrough;
  return with_temporary_mask(call, pair.address, pair.bytes);
}

}  // namespace

SyscallAction on_rt_sigaction(const AppCall& call) {
  return finish(call, sigaction_result(call));
}
SyscallAction on_rt_sigprocmask(const AppCall& call) {
  return finish(call, sigprocmask_result(call));
}
SyscallAction on_sigaltstack(const AppCall& call) {
  return finish(call, sigaltstack_result(call));
}
SyscallAction on_rt_sigreturn(const AppCall& call) {
  // What came under the mask of the handler is delivered under it.
  set_kernel_mask(kBlockedWhileHeld);
  if (call.thread.pending != 0) return finish(call, kNotMade);
  call.thread.syscall_recorded = 0;
  app_sigreturn(call.core, call.thread);
  return SyscallAction::kDone;
}

SyscallAction on_rt_sigsuspend(const AppCall& call) {
  return with_temporary_mask(call, call.argument(0), call.argument(1));
}
SyscallAction on_rt_sigtimedwait(const AppCall& call) {
  sys::SignalSet set;
  if (read_app(call.argument(0), set)) call.thread.waits_for_fault = (set & kFaultSignals) != 0;
  return SyscallAction::kPassThrough;
}
SyscallAction on_ppoll(const AppCall& call) {
  return with_temporary_mask(call, call.argument(3), call.argument(4));
}
SyscallAction on_epoll_pwait(const AppCall& call) {
  return with_temporary_mask(call, call.argument(4), call.argument(5));
}
SyscallAction on_pselect6(const AppCall& call) {
  return with_temporary_mask_at(call, call.argument(5));
}
SyscallAction on_io_pgetevents(const AppCall& call) {
  return with_temporary_mask_at(call, call.argument(5));
}
SyscallAction on_io_uring_enter(const AppCall& call) {
  constexpr u64 kExtendedArgument = 8;  // IORING_ENTER_EXT_ARG: it begins with address and size
  if ((call.argument(3) & kExtendedArgument) == 0) return on_epoll_pwait(call);
  struct {
    u64 address;
    u32 bytes, padding;
  } set;
  if (!read_app(call.argument(4), set)) return SyscallAction::kPassThrough;
  return with_temporary_mask(call, set.address, set.bytes);
}

}  // namespace tiptoe::engine
