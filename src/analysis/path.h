// Every instruction that a thread executed, in order.
#pragma once

#include <functional>

#include "analysis/code_map.h"
#include "analysis/streams.h"

namespace tiptoe::analysis {

// One executed instruction. `bytes` and `key` stay valid, and the same, for the same instruction of
// the same block: what is made from it once (disassembly) can be kept by key.
struct Step {
  u64 pc = 0;
  std::span<const u8> bytes;
  u32 module = trace::kNone;
  bool lasting = true;  // false: executed outside any block; `bytes` are gone after the call
  bool is_32_bit = false;
};

struct PathRange {
  u64 from = 0;  // instructions to leave out first
  u64 count = ~u64{0};
};

// Calls `step` for each instruction of the range; `event` for what happened in between (a signal, a
// gap), with a text. Stops early when `step` returns false. The range is used up across streams:
// what is left of it stays in `range`.
void walk_path(const trace::Reader& reader, const trace::Program& program,
               const trace::Stream& stream, PathRange& range,
               const std::function<bool(const Step&)>& step,
               const std::function<void(const std::string&)>& event, trace::Integrity& problems);

}  // namespace tiptoe::analysis
