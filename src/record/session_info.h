// What a trace says about the machine and the moment it was made on, and about the image of a
// process.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "trace/records.h"

namespace tiptoe::record {

trace::SessionInfo describe_session(const std::vector<std::string>& argv, std::string version,
                                    trace::RecordMode mode);
// `pid` must be stopped at its first instruction, or at least still be there.
trace::ImageInfo describe_image(pid_t pid);

}  // namespace tiptoe::record
