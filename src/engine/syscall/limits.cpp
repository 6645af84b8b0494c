// getrlimit, setrlimit, prlimit64: limits that count what is mapped, see thread/own_limits.h.
#include <asm/errno.h>

#include "engine/context/safe_copy.h"
#include "engine/syscall/syscalls.h"
#include "engine/thread/own_limits.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

// The child of a vfork shares our record of its parent's limits, and has limits of its own; it is
// about to execute a program.
bool is_ours_to_keep(const ThreadState& thread, u64 resource) {
  const CloneKind& kind = thread.clone_kind;
  return counts_mappings(static_cast<u32>(resource)) && !(kind.is_vfork && kind.shares_memory);
}

i64 change(const AppCall& call, u32 resource, u64 wanted_at, u64 old_at) {
  ResourceLimit wanted{};
  if (wanted_at != 0 &&
      safe_copy(&wanted, reinterpret_cast<const void*>(wanted_at), sizeof wanted) != 0) {
    return -EFAULT;
  }
  const ResourceLimit old = own_limit(call.core, resource);
  if (wanted_at != 0) {
    if (const i64 error = set_own_limit(call.core, resource, wanted); error != 0) return error;
  }
  const bool unreadable =
      old_at != 0 && safe_copy(reinterpret_cast<void*>(old_at), &old, sizeof old) != 0;
  return unreadable ? -EFAULT : 0;
}

}  // namespace

SyscallAction on_getrlimit(const AppCall& call) {
  if (!is_ours_to_keep(call.thread, call.argument(0)) || call.argument(1) == 0) {
    return SyscallAction::kPassThrough;
  }
  return finish(call, change(call, static_cast<u32>(call.argument(0)), 0, call.argument(1)));
}

SyscallAction on_setrlimit(const AppCall& call) {
  if (!is_ours_to_keep(call.thread, call.argument(0)) || call.argument(1) == 0) {
    return SyscallAction::kPassThrough;
  }
  return finish(call, change(call, static_cast<u32>(call.argument(0)), call.argument(1), 0));
}

SyscallAction on_prlimit(const AppCall& call) {
  const i32 pid = static_cast<i32>(call.argument(0));
  if (!is_ours_to_keep(call.thread, call.argument(1)) ||
      (pid != 0 && pid != sys::call(__NR_getpid))) {
    return SyscallAction::kPassThrough;
  }
  return finish(
      call, change(call, static_cast<u32>(call.argument(1)), call.argument(2), call.argument(3)));
}

}  // namespace tiptoe::engine
