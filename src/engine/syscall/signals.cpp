// Signal system calls: the program's view of actions, mask and alternate stack.
#include <asm/errno.h>

#include "engine/context/safe_copy.h"
#include "engine/signal/deliver.h"
#include "engine/syscall/syscalls.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

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
  if (result == 0 && call.argument(2) != 0 && !write_app(call.argument(2), old)) return -EFAULT;
  return result;
}

i64 sigprocmask_result(const AppCall& call) {
  constexpr sys::SignalSet kNeverBlocked = sys::signal_bit(SIGKILL) | sys::signal_bit(SIGSTOP);
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
    thread.app_mask = set & ~kNeverBlocked;
    apply_app_mask(thread);
    send_refused_faults(thread);
  }
  if (call.argument(2) != 0 && !write_app(call.argument(2), old)) return -EFAULT;
  return 0;
}

i64 sigaltstack_result(const AppCall& call) {
  constexpr u32 kDisable = 2, kOnstack = 1, kAutodisarm = 1u << 31;
  constexpr u64 kMinimum = 2048;
  ThreadState& thread = call.thread;
  const bool active = on_altstack(thread, thread.context.gpr[x86::kRsp]);
  stack_t old{};
  old.ss_sp = reinterpret_cast<void*>(thread.altstack_base);
  old.ss_size = thread.altstack_bytes;
  old.ss_flags = static_cast<int>((thread.altstack_bytes == 0 ? kDisable
                                   : active                   ? kOnstack
                                                              : 0) |
                                  thread.altstack_flags);
  if (call.argument(0) != 0) {
    stack_t stack;
    if (!read_app(call.argument(0), stack)) return -EFAULT;
    const u32 flags = static_cast<u32>(stack.ss_flags);
    if (active) return -EPERM;
    if ((flags & ~(kDisable | kOnstack | kAutodisarm)) != 0) return -EINVAL;
    if ((flags & kDisable) != 0) {
      thread.altstack_base = thread.altstack_bytes = thread.altstack_flags = 0;
    } else {
      if (stack.ss_size < kMinimum) return -ENOMEM;
      thread.altstack_base = reinterpret_cast<u64>(stack.ss_sp);
      thread.altstack_bytes = stack.ss_size;
      thread.altstack_flags = flags & kAutodisarm;
    }
  }
  if (call.argument(1) != 0 && !write_app(call.argument(1), old)) return -EFAULT;
  return 0;
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
  call.thread.syscall_recorded = 0;
  app_sigreturn(call.core, call.thread);
}

}  // namespace tiptoe::engine
