// From the ids that a process has for itself to the ids that it has for us.
//
// They differ when the process lives in a pid namespace of its own, and an id alone cannot tell:
// the same number may be an innocent process of ours. Who maps the segment is the process that is
// meant.
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "base/types.h"

namespace tiptoe::record {

struct SegmentIdentity {
  u64 device = 0;
  u64 inode = 0;
  static SegmentIdentity of(int memfd);
};

// `inner`: the thread's id as the thread sees it. Nothing when it is gone or cannot be looked at.
std::optional<pid_t> find_thread(pid_t inner, const SegmentIdentity& segment);

// All processes that map it, but for us and our warden. Looks at every process of the machine.
std::vector<pid_t> processes_mapping(const SegmentIdentity& segment);

}  // namespace tiptoe::record
