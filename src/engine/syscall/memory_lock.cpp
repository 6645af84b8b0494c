#include "engine/syscall/memory_lock.h"

#include <asm/errno.h>
#include <asm/resource.h>
#include <linux/capability.h>
#include <linux/mman.h>

#include "engine/syscall/own_memory.h"
#include "engine/trust/kernel_maps.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

constexpr u32 kAllFlags = MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT;

i64 lock_range(u64 start, u64 bytes, u32 flags) {
  return sys::call(__NR_mlock2, start, bytes, (flags & MCL_ONFAULT) != 0 ? MLOCK_ONFAULT : 0);
}

struct Request {
  u32 flags;
  u64 bytes;  // of the program's mappings
};

bool add_up(void* context, const CodeRange& mapping) {
  auto& request = *static_cast<Request*>(context);
  const u64 bytes = mapping.end - mapping.start;
  if (!is_over_own(mapping.start, bytes)) request.bytes += bytes;
  return true;
}
// Errors of single mappings (pages that nobody may touch) are none of mlockall's either.
bool lock_one(void* context, const CodeRange& mapping) {
  auto& request = *static_cast<Request*>(context);
  const u64 bytes = mapping.end - mapping.start;
  if (!is_over_own(mapping.start, bytes)) lock_range(mapping.start, bytes, request.flags);
  return true;
}

bool may_lock_everything() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2]{};
  sys::call(__NR_capget, &header, sets);
  return (sets[0].effective & (1u << CAP_IPC_LOCK)) != 0;
}

u64 lock_limit() {
  struct {
    u64 soft, hard;
  } limit{};
  sys::call(__NR_prlimit64, 0, RLIMIT_MEMLOCK, 0, &limit);
  return limit.soft;
}

i64 lock_all(Core& core, u32 flags) {
  Request request{flags, 0};
  if (!may_lock_everything()) {
    if (lock_limit() == 0) return -EPERM;
    if (!visit_kernel_maps(&request, add_up)) return -EAGAIN;
    if ((flags & MCL_CURRENT) != 0 && request.bytes > lock_limit()) return -ENOMEM;
  }
  core.lock_future = (flags & MCL_FUTURE) != 0 ? flags : 0;
  if ((flags & MCL_CURRENT) != 0 && !visit_kernel_maps(&request, lock_one)) return -EAGAIN;
  return 0;
}

}  // namespace

void lock_new_memory(const Core& core, u64 start, u64 bytes) {
  if (core.lock_future != 0) lock_range(start, bytes, core.lock_future);
}

SyscallAction on_mlockall(const AppCall& call) {
  const u32 flags = static_cast<u32>(call.argument(0));
  if ((flags & ~kAllFlags) != 0 || (flags & (MCL_CURRENT | MCL_FUTURE)) == 0) {
    return SyscallAction::kPassThrough;  // to be refused
  }
  return finish(call, lock_all(call.core, flags));
}

SyscallAction on_munlockall(const AppCall& call) {
  call.core.lock_future = 0;
  return SyscallAction::kPassThrough;
}

}  // namespace tiptoe::engine
