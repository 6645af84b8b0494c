#include "engine/emulate/int80.h"

#include <asm/errno.h>

#include "engine/dispatch/check_point.h"
#include "engine/emulate/operand.h"
#include "engine/syscall/seccomp.h"
#include "engine/translate/evict.h"
#include "sys/fail.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

// Calls of the 32-bit table (arch/x86/entry/syscalls/syscall_32.tbl of Linux) whose number in the
// 64-bit table has the same arguments: the wrapper of that number does for both. Numbers from 424
// on are the same in both tables; others are not wrapped, and pass through.
struct Same {
  u16 legacy, number;
};
constexpr Same kSame[] = {
    {1, __NR_exit},
    {2, __NR_fork},
    {5, __NR_open},
    {8, __NR_creat},
    {11, __NR_execve},
    {45, __NR_brk},
    {91, __NR_munmap},
    {120, __NR_clone},
    {125, __NR_mprotect},
    {136, __NR_personality},
    {163, __NR_mremap},
    {175, __NR_rt_sigprocmask},
    {179, __NR_rt_sigsuspend},
    {190, __NR_vfork},
    {219, __NR_madvise},
    {252, __NR_exit_group},
    {295, __NR_openat},
    {342, __NR_open_by_handle_at},
    {358, __NR_execveat},
    {374, __NR_userfaultfd},
    {380, __NR_pkey_mprotect},
    {386, __NR_rseq},
    {397, __NR_shmat},
};
constexpr i64 kSameFrom = 424;

constexpr i64 kOldMmap = 90, kMmap2 = 192, kIpc = 117, kSignal = 48, kSetThreadArea = 243;
// Their handlers and frames are those of 32-bit programs.
constexpr i64 kForeign[] = {
    67 /*sigaction*/,     72 /*sigsuspend*/,    119 /*sigreturn*/,   126 /*sigprocmask*/,
    173 /*rt_sigreturn*/, 174 /*rt_sigaction*/, 186 /*sigaltstack*/, 69 /*ssetmask*/};

constexpr x86::Gpr kArguments[] = {x86::kRbx, x86::kRcx, x86::kRdx,
                                   x86::kRsi, x86::kRdi, x86::kRbp};

u32 legacy_argument(const Context& context, unsigned i) {
  return static_cast<u32>(context.gpr[kArguments[i]]);
}

i64 same_number(i64 legacy) {
  for (const Same& same : kSame) {
    if (same.legacy == legacy) return same.number;
  }
  return legacy >= kSameFrom ? legacy : -1;
}

bool is_foreign(i64 legacy) {
  for (const i64 foreign : kForeign) {
    if (foreign == legacy) return true;
  }
  return false;
}

// mmap with its six arguments in memory.
SyscallAction old_mmap(AppCall& call) {
  u32 arguments[6];
  if (!read_app(call.arguments[0], arguments, sizeof arguments)) {
    return SyscallAction::kPassThrough;  // to be refused
  }
  for (unsigned i = 0; i < 6; ++i) call.arguments[i] = arguments[i];
  call.number = __NR_mmap;
  return dispatch(call);
}

// The offset is in pages.
SyscallAction mmap2(AppCall& call) {
  call.arguments[5] *= kPageBytes;
  call.number = __NR_mmap;
  return dispatch(call);
}

// Of the many calls behind this number only shmat concerns us. It stores the address.
SyscallAction ipc(AppCall& call) {
  constexpr u64 kShmat = 21;
  if ((call.arguments[0] & 0xffff) != kShmat) return SyscallAction::kPassThrough;
  const sys::Held held(call.core.lock);
  const i64 result = call.make();
  u32 address = 0;
  if (result == 0 && read_app(call.arguments[3], &address, sizeof address)) {
    // Shared memory, of which the list of code needs no more than that it may change unseen.
    call.core.space.map(held, address, kPageBytes, 0, {true, {}});
  }
  return finish(held, call, result);
}

// The descriptor that is set may be the one in gs, whose base the kernel then loads anew.
SyscallAction set_thread_area(AppCall& call) {
  if (!has_fsgsbase(call.core)) return SyscallAction::kPassThrough;
  ThreadState& thread = call.thread;
  set_kernel_mask(~sys::SignalSet{0});
  const i64 result = call.make();
  u64 base;
  asm volatile("rdgsbase %0; wrgsbase %1" : "=&r"(base) : "r"(&thread) : "memory");
  if (base != reinterpret_cast<u64>(&thread)) thread.app_gs_base = base;
  apply_app_mask(thread);
  return finish(call, result);
}

SyscallAction refuse(AppCall& call, i64 legacy) {
  sys::warn("a 64-bit program sets up 32-bit signal handling (int 0x80, number, at)",
            static_cast<u64>(legacy), raw(call.thread.context.pc));
  return finish(call, -ENOSYS);
}

// signal(2): to ignore, or the default. A handler would be entered as 32-bit code.
SyscallAction signal(AppCall& call) {
  if (call.arguments[1] > sys::kSigIgn) return refuse(call, kSignal);
  sys::KernelSigaction action{}, old{};
  action.handler = call.arguments[1];
  const i64 result =
      change_action(*call.thread.signals, static_cast<int>(call.arguments[0]), &action, &old);
  return finish(call, sys::is_error(result) ? result : static_cast<i32>(old.handler));
}

bool strict_mode_allows_legacy(i64 legacy) {
  constexpr i64 kExit = 1, kRead = 3, kWrite = 4;
  return legacy == kExit || legacy == kRead || legacy == kWrite;
}

SyscallAction dispatch_legacy(AppCall& call, i64 legacy) {
  if (is_foreign(legacy)) return refuse(call, legacy);
  switch (legacy) {
    case kOldMmap:
      return old_mmap(call);
    case kMmap2:
      return mmap2(call);
    case kIpc:
      return ipc(call);
    case kSetThreadArea:
      return set_thread_area(call);
    case kSignal:
      return signal(call);
    default:
      break;
  }
  call.number = same_number(legacy);
  if (call.number < 0) return SyscallAction::kPassThrough;
  // The gate ends the thread with the status in rdi.
  if (call.number == __NR_exit) call.thread.context.gpr[x86::kRdi] = call.arguments[0];
  return dispatch(call);
}

}  // namespace

// As record_syscall().
static void record_compatibility_call(Core& core, ThreadState& thread) {
  constexpr u8 kInt80[] = {0xcd, 0x80};
  if (!thread.recording) return;
  make_flow_room(core.events, thread, 64);
  const u64 before = thread.cursor;
  put_single(core.events, thread, raw(thread.context.pc), kInt80);
  put_control(core.events, thread, Control::kSyscall, {low32(thread.context.gpr[x86::kRax])});
  thread.syscall_recorded = static_cast<u32>(thread.cursor - before);
}

SyscallAction on_int80(Core& core, ThreadState& thread, const Exit* exit) {
  if (core.check != nullptr) post_check(core, thread, CheckPost::kBeforeSyscall);
  exit != nullptr ? record_syscall(core, thread, *exit) : record_compatibility_call(core, thread);
  release_cache(thread);  // the call may take for ever
  thread.legacy_call = 1;
  thread.after_syscall = nullptr;
  AppCall call{core, thread, -1, {}};
  for (unsigned i = 0; i < 6; ++i) call.arguments[i] = legacy_argument(thread.context, i);
  const i64 legacy = static_cast<i32>(thread.context.gpr[x86::kRax]);
  if (thread.strict_seccomp != 0 && !strict_mode_allows_legacy(legacy)) {
    return end_in_strict_mode(call);
  }
  return prepared(thread, dispatch_legacy(call, legacy));
}

}  // namespace tiptoe::engine
