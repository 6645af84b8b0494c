// RLIMIT_AS and RLIMIT_DATA that the program sets for itself: what the runtime has mapped,
// gigabytes of it, does not count.
//
// The kernel's limit is the program's and the size of our mappings, and grows with these; the
// program reads back what it set. Across execve the soft limit is the program's own, as the new
// image inherits it. The kernel's hard limit stays above the program's: nobody without privileges
// could raise it again.
#pragma once

#include "engine/translate/core.h"

namespace tiptoe::engine {

struct ResourceLimit {  // struct rlimit
  u64 soft;
  u64 hard;
};
constexpr u64 kNoLimit = ~u64{0};

// Whether a limit counts what is mapped.
bool counts_mappings(u32 resource);

// setrlimit(2) and getrlimit(2) for the process, for limits that count mappings. 0 or -errno.
i64 set_own_limit(Core& core, u32 resource, const ResourceLimit& wanted);
ResourceLimit own_limit(const Core& core, u32 resource);

void restore_own_limits(const Core& core);
void retake_own_limits(const Core& core);

}  // namespace tiptoe::engine
