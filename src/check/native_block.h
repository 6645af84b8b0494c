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
NativeRun run_block(Twin& twin, const BlockSpan& block, u64 next_pc,
                    const std::optional<Goal>& goal = {});

}  // namespace tiptoe::check
