#include "engine/thread/own_limits.h"

#include <asm/errno.h>
#include <asm/resource.h>

#include "sys/mapping.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

constexpr u32 kResources[] = {RLIMIT_AS, RLIMIT_DATA};

// How much we may map after the program has set a hard limit.
constexpr u64 kHardReserve = u64{4} << 30;

Core* g_limited;  // whose limits are to grow with our mappings

unsigned slot_of(u32 resource) {
  return resource == RLIMIT_AS ? 0 : 1;
}

u64 plus(u64 limit, u64 bytes) {
  return limit > kNoLimit - bytes ? kNoLimit : limit + bytes;
}
u64 smaller(u64 a, u64 b) {
  return a < b ? a : b;
}

u64 our_bytes(const Core& core, u32 resource) {
  if (resource == RLIMIT_DATA) return sys::mapped().writable_bytes;
  return sys::mapped().bytes + core.runtime_bytes + core.events.control()->segment_bytes;
}

ResourceLimit kernel_limit(u32 resource) {
  ResourceLimit limit{};
  sys::call(__NR_prlimit64, 0, resource, 0, &limit);
  return limit;
}
i64 set_kernel_limit(u32 resource, const ResourceLimit& limit) {
  return sys::call(__NR_prlimit64, 0, resource, &limit, 0);
}

// The kernel's soft limits as they should be with `more` bytes of ours.
void adjust(const Core& core, u64 more) {
  for (const u32 resource : kResources) {
    const OwnLimit& own = core.own_limits[slot_of(resource)];
    if (!own.active) continue;
    ResourceLimit limit = kernel_limit(resource);
    limit.soft = smaller(limit.hard, plus(own.soft, our_bytes(core, resource) + more));
    set_kernel_limit(resource, limit);
  }
}

bool make_room(u64 bytes) {
  adjust(*g_limited, bytes);
  return true;
}

}  // namespace

bool counts_mappings(u32 resource) {
  return resource == RLIMIT_AS || resource == RLIMIT_DATA;
}

ResourceLimit own_limit(const Core& core, u32 resource) {
  const OwnLimit& own = core.own_limits[slot_of(resource)];
  return own.active ? ResourceLimit{own.soft, own.hard} : kernel_limit(resource);
}

i64 set_own_limit(Core& core, u32 resource, const ResourceLimit& wanted) {
  if (wanted.soft > wanted.hard) return -EINVAL;
  const ResourceLimit before = own_limit(core, resource), kernel = kernel_limit(resource);
  const u64 ours = our_bytes(core, resource);
  ResourceLimit limit{0, plus(wanted.hard, ours + kHardReserve)};
  // Lowering needs no privilege; whether the program may raise its limit, the kernel says.
  if (wanted.hard <= before.hard) limit.hard = smaller(limit.hard, kernel.hard);
  limit.soft = smaller(limit.hard, plus(wanted.soft, ours));
  if (const i64 error = set_kernel_limit(resource, limit); sys::is_error(error)) return error;
  core.own_limits[slot_of(resource)] = {true, wanted.soft, wanted.hard};
  g_limited = &core;
  sys::set_make_room(make_room);
  return 0;
}

void restore_own_limits(const Core& core) {
  for (const u32 resource : kResources) {
    const OwnLimit& own = core.own_limits[slot_of(resource)];
    if (own.active) set_kernel_limit(resource, {own.soft, kernel_limit(resource).hard});
  }
}

void retake_own_limits(const Core& core) {
  adjust(core, 0);
}

}  // namespace tiptoe::engine
