#include "engine/syscall/user_dispatch.h"

#include <asm/errno.h>
#include <linux/audit.h>
#include <linux/prctl.h>

#include "base/memory.h"
#include "engine/context/safe_copy.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

constexpr u8 kAllow = 0, kBlock = 1;  // values of the selector
constexpr int kSysUserDispatch = 2;   // si_code
constexpr u64 kSyscallBytes = 2;

u64 pc_behind(const AppCall& call) {
  return raw(call.thread.context.pc) + kSyscallBytes;
}

// As the kernel forces a signal upon a thread that cannot take it.
void die_of(int signal) {
  const u64 plain[4] = {};  // the kernel's struct sigaction: the default
  const sys::SignalSet one = sys::signal_bit(signal);
  sys::call(__NR_rt_sigaction, signal, &plain, 0, sizeof one);
  sys::call(__NR_rt_sigprocmask, SIG_UNBLOCK, &one, 0, sizeof one);
  sys::call(__NR_tgkill, sys::call(__NR_getpid), sys::call(__NR_gettid), signal);
}

}  // namespace

i64 set_user_dispatch(const AppCall& call) {
  UserDispatch& dispatch = call.thread.user_dispatch;
  const u64 start = call.argument(2), length = call.argument(3), selector = call.argument(4);
  switch (call.argument(1)) {
    case PR_SYS_DISPATCH_OFF:
      if (start != 0 || length != 0 || selector != 0) return -EINVAL;
      dispatch = {};
      return 0;
    case PR_SYS_DISPATCH_ON:
      if (start != 0 && start + length <= start) return -EINVAL;
      if (static_cast<i64>(selector) < 0) return -EFAULT;
      dispatch = {start, length, selector, 1};
      return 0;
    default:
      return -EINVAL;
  }
}

bool is_user_dispatched(const AppCall& call) {
  const UserDispatch& dispatch = call.thread.user_dispatch;
  if (dispatch.on == 0 || pc_behind(call) - dispatch.start < dispatch.length) return false;
  if (dispatch.selector == 0) return true;
  u8 selector = kBlock;
  if (safe_copy(&selector, reinterpret_cast<const void*>(dispatch.selector), 1) != 0) {
    die_of(SIGSEGV);
  }
  if (selector != kAllow && selector != kBlock) die_of(SIGSYS);
  return selector == kBlock;
}

SyscallAction raise_user_dispatch(const AppCall& call) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_signo = SIGSYS;
  info.si_code = kSysUserDispatch;
  info.si_call_addr = reinterpret_cast<void*>(pc_behind(call));
  info.si_syscall = static_cast<int>(call.number);
  info.si_arch = AUDIT_ARCH_X86_64;
  if ((call.thread.app_mask & sys::signal_bit(SIGSYS)) != 0) die_of(SIGSYS);
  const SyscallAction action = finish(call, static_cast<i32>(call.number));  // rax stays as it was
  sys::call(__NR_rt_tgsigqueueinfo, sys::call(__NR_getpid), sys::call(__NR_gettid), SIGSYS, &info);
  return action;
}

}  // namespace tiptoe::engine
