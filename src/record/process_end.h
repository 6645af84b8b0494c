// How a process ended that is not our child: the kernel tells whoever holds its pidfd, once its
// parent has waited for it (Linux 6.15).
#pragma once

#include <optional>

namespace tiptoe::record {

// The wait status; nothing as long as nobody has waited for it, or on an older kernel.
std::optional<int> wait_status_of(int pidfd);

}  // namespace tiptoe::record
