// How a process ended that is not our child: the kernel tells whoever holds its pidfd, once its
// parent has waited for it (Linux 6.15).
#pragma once

namespace tiptoe::record {

struct ProcessEnd {
  enum Known {
    kNotYet,  // nobody has waited for it
    kYes,
    kNever,  // the kernel is older, or does not say
  } known;
  int wait_status;  // where it is known
};

// Of the ended process behind `pidfd`.
ProcessEnd process_end(int pidfd);

}  // namespace tiptoe::record
