#include "sys/shared_page.h"

#include <linux/fcntl.h>

#include "sys/syscall.h"

namespace tiptoe::sys {

bool is_shared_page(u64 page) {
  const i64 fd = call(__NR_openat, AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (is_error(fd)) return false;
  u64 entry = 0;
  const i64 got = call(__NR_pread64, fd, &entry, sizeof entry, page / kPageBytes * sizeof entry);
  call(__NR_close, fd);
  constexpr u64 kExclusive = u64{1} << 56, kPresent = u64{1} << 63;
  return got == sizeof entry && (entry & kPresent) != 0 && (entry & kExclusive) == 0;
}

}  // namespace tiptoe::sys
