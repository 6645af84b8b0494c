// Runs one block in the native twin, noting what it writes.
#pragma once

#include <optional>
#include <vector>

#include "check/twin.h"

namespace tiptoe::check {

struct BlockSpan {
  u64 pc = 0;
  u32 bytes = 0;
  u32 instructions = 0;
};

// How the twin left the straight path of the block.
enum class LastBranch { kOther, kIndirect, kCall, kIndirectCall, kRet };

struct NativeRun {
  u64 instructions = 0;
  int signal = 0;  // raised by the instruction at the twin's pc
  LastBranch last = LastBranch::kOther;
  bool unpredictable = false;  // registers now hold what no two runs share (rdtsc, rdrand...)
  u64 doubtful_flags = 0;      // those of the caller's that are still what they were
  u64 doubt_used_at = 0;       // the instruction that used one of them
  bool interrupt = false;      // stands before an int instruction, which is not followed
  std::vector<Range> written;
  std::vector<Range> unpredictable_memory;  // images of the floating-point unit with its last pc
};

// Where the twin is to stop inside the block, at the latest: an interrupted program's place.
struct Goal {
  u64 pc;
  u64 rcx;  // tells the iterations of a repeated string instruction apart
};

// The twin stands at block.pc. Runs until it leaves the straight path, has executed all
// instructions, or stands before a system call, or at `goal`. `next_pc` is where the translated
// program went: it tells whether a conditional branch to the very next instruction was taken.
// `doubtful_flags` (bits as in RFLAGS) are watched: overwritten before they are used, or not?
NativeRun run_block(Twin& twin, const BlockSpan& block, u64 next_pc, u64 doubtful_flags,
                    const std::optional<Goal>& goal = {});

}  // namespace tiptoe::check
