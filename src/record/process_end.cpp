#include "record/process_end.h"

#include <sys/ioctl.h>

#include "base/types.h"

namespace tiptoe::record {
namespace {

// struct pidfd_info, its first version, and PIDFD_GET_INFO of linux/pidfd.h.
struct PidfdInfo {
  u64 mask;
  u64 cgroup;
  u32 ids[11];
  i32 exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr unsigned long kGetInfo = _IOWR(0xff, 11, PidfdInfo);
constexpr u64 kInfoExit = 1 << 3;

}  // namespace

ProcessEnd process_end(int pidfd) {
  PidfdInfo info{};
  info.mask = kInfoExit;
  if (ioctl(pidfd, kGetInfo, &info) != 0) return {ProcessEnd::kNever, 0};
  if ((info.mask & kInfoExit) == 0) return {ProcessEnd::kNotYet, 0};
  return {ProcessEnd::kYes, info.exit_code};
}

}  // namespace tiptoe::record
