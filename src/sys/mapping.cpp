#include "sys/mapping.h"

#include <asm/errno.h>
#include <linux/mman.h>

#include "sys/syscall.h"

namespace tiptoe::sys {
namespace {

u64 g_next_top;
u64 g_reserved_start;
u64 g_reserved_end;

// Private mappings stand this far apart at least, so that neighbours cannot run into each other and
// the kernel does not merge them into one line of /proc/self/maps with something of the program's.
constexpr u64 kGap = 16 * kPageBytes;

// All mappings of ours. Only grows; read without a lock, entries with end 0 are not there yet.
constexpr u32 kMaxOwn = 4096;
OwnMapping g_own[kMaxOwn];
u32 g_own_count;

// How far to move down when a candidate place is taken. The largest thing likely to be in the way
// is a program's own arena.
constexpr u64 kProbeStep = u64{1} << 26;

Mapped g_mapped;
bool (*g_make_room)(u64 bytes);

i64 try_map(u64 address, u64 bytes, int prot) {
  return call(__NR_mmap, address, bytes, prot,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
}

void count(u64 bytes, int prot) {
  __atomic_fetch_add(&g_mapped.bytes, bytes, __ATOMIC_RELAXED);
  if ((prot & PROT_WRITE) != 0) {
    __atomic_fetch_add(&g_mapped.writable_bytes, bytes, __ATOMIC_RELAXED);
  }
}

}  // namespace

void set_private_area(u64 top) {
  g_next_top = align_down(top, kPageBytes);
}

void claim_own(u64 start, u64 bytes) {
  const u32 at = __atomic_fetch_add(&g_own_count, 1, __ATOMIC_RELAXED);
  if (at >= kMaxOwn) return;  // found by nobody; the program has some 4,000 threads
  g_own[at].start = start;
  __atomic_store_n(&g_own[at].end, start + bytes, __ATOMIC_RELEASE);
}

OwnMapping find_own(u64 start, u64 end) {
  OwnMapping lowest;
  const u32 count = __atomic_load_n(&g_own_count, __ATOMIC_ACQUIRE);
  for (u32 i = 0; i < count && i < kMaxOwn; ++i) {
    const u64 own_end = __atomic_load_n(&g_own[i].end, __ATOMIC_ACQUIRE);
    if (own_end <= start || g_own[i].start >= end) continue;
    if (lowest.end == 0 || g_own[i].start < lowest.start) lowest = {g_own[i].start, own_end};
  }
  return lowest;
}

void set_reserved_area(u64 start, u64 end) {
  g_reserved_start = start;
  g_reserved_end = end;
}

Mapped mapped() {
  return {__atomic_load_n(&g_mapped.bytes, __ATOMIC_RELAXED),
          __atomic_load_n(&g_mapped.writable_bytes, __ATOMIC_RELAXED)};
}

void set_make_room(bool (*make_room)(u64 bytes)) {
  g_make_room = make_room;
}

bool map_private_at(u64 address, u64 bytes, int prot) {
  if (address < g_reserved_end && address + bytes > g_reserved_start) return false;
  i64 got = try_map(address, bytes, prot);
  if (got == -ENOMEM && g_make_room != nullptr && g_make_room(bytes)) {
    got = try_map(address, bytes, prot);
  }
  if (got == static_cast<i64>(address)) {
    count(bytes, prot);
    call(__NR_madvise, address, bytes, MADV_DONTDUMP);  // core files are the program's
    claim_own(address, bytes);
    return true;
  }
  // Kernels before 4.17 take MAP_FIXED_NOREPLACE for a hint.
  if (!is_error(got)) call(__NR_munmap, got, bytes);
  return false;
}

u64 map_private(u64 bytes, int prot) {
  for (int probe = 0; probe < 4096; ++probe) {
    if (g_next_top < bytes + (u64{1} << 32)) return 0;
    const u64 address = align_down(g_next_top - bytes - kGap, kPageBytes);
    if (map_private_at(address, bytes, prot)) {
      g_next_top = address;
      return address;
    }
    g_next_top -= kProbeStep;
  }
  return 0;
}

}  // namespace tiptoe::sys
