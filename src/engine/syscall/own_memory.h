// The program's calls on ranges of memory that hold some of ours. Natively nothing is there: the
// call is made for what lies between, and answers as natively.
#pragma once

#include "engine/syscall/syscalls.h"

namespace tiptoe::engine {

bool is_over_own(u64 start, u64 bytes);

// What a call does about a part of its range where nothing is mapped.
enum class Hole : u8 {
  kIsNothing,  // munmap: goes on
  kStops,      // mprotect: does what comes before, and fails
  kFails,      // madvise: does all the rest, and fails
};

// Makes the call, whose first two arguments are start and length, around our mappings.
i64 make_around_own(const AppCall& call, Hole hole);

}  // namespace tiptoe::engine
