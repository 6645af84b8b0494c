// A thread's x87 and vector registers, as one number.
#pragma once

#include "tools/master_stepper/task.h"

namespace tiptoe::master {

// The same for the same contents of the x87 stack with its control, status and tags, of mxcsr, and
// of all vector and mask registers that the processor has. (Not of the x87 instruction's address,
// which in the cache is another one, nor of tiles.)
u64 vector_digest(const Task& task);

}  // namespace tiptoe::master
