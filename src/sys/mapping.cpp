#include "sys/mapping.h"

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

// How far to move down when a candidate place is taken. The largest thing likely to be in the way
// is a program's own arena.
constexpr u64 kProbeStep = u64{1} << 26;

}  // namespace

void set_private_area(u64 top) {
  g_next_top = align_down(top, kPageBytes);
}

void set_reserved_area(u64 start, u64 end) {
  g_reserved_start = start;
  g_reserved_end = end;
}

bool map_private_at(u64 address, u64 bytes, int prot) {
  if (address < g_reserved_end && address + bytes > g_reserved_start) return false;
  const i64 got = call(__NR_mmap, address, bytes, prot,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (got == static_cast<i64>(address)) {
    call(__NR_madvise, address, bytes, MADV_DONTDUMP);  // core files are the program's
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
