#include "record/descriptors.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tiptoe::record {
namespace {

void close_all(unsigned first, unsigned last) {
  if (first <= last) syscall(SYS_close_range, first, last, 0);
}

}  // namespace

void release_inherited_descriptors(int keep, int last_standard) {
  close_all(3, static_cast<unsigned>(keep) - 1);
  close_all(static_cast<unsigned>(keep) + 1, UINT_MAX);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd <= last_standard && nothing >= 0; ++fd) dup2(nothing, fd);
  if (nothing > last_standard) close(nothing);
}

}  // namespace tiptoe::record
