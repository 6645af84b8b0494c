// What the fake runtime is to act out, as bits of BootParams::log_level.
#pragma once

#include "base/types.h"

namespace tiptoe {

enum FakePart : u32 {
  kPartRecord = 1 << 0,  // define a process, a thread, a block of 4 instructions; kFewWords words
  kPartRecordMuch = 1 << 1,  // with kPartRecord: kMuchWords words
  kPartExec = 1 << 2,        // ask for and do an execve of the program's argv[1]
  kPartFork = 1 << 3,        // fork a child that records 1000 words and exits; wait for it
  kPartKill = 1 << 4,        // die by SIGKILL instead of running the program
  kPartNoise = 1 << 5,       // with kPartRecord: words that do not compress
  kPartSeccomp = 1 << 6,     // install a seccomp filter that allows everything
};
constexpr u64 kFewWords = 1000;
constexpr u64 kMuchWords = 10'000'000;  // 38 chunks and a part

}  // namespace tiptoe
