// What a trace holds: counts of everything, and whether the file is whole.
#pragma once

#include <vector>

#include "analysis/streams.h"
#include "trace/program.h"
#include "trace/reader.h"

namespace tiptoe::analysis {

struct StreamCounts {
  u64 words = 0;
  u64 instructions = 0;
  u64 blocks = 0;  // executed
  u64 syscalls = 0;
  u64 signals = 0;
  u64 dropped_words = 0;  // gaps that the recorder knew of
  u64 unnamed_exits = 0;  // kUnnamedExit
  u64 unknown_exits = 0;  // words that no block definition explains
  u64 path_breaks = 0;    // direct exits that did not arrive at their target: should be none
  u64 missing_chunks = 0;
  bool ended = false;  // the thread's end was recorded

  StreamCounts& operator+=(const StreamCounts& other);
};

struct TraceCounts {
  StreamCounts total;
  std::vector<StreamCounts> streams;  // as Program::streams
  trace::Integrity problems;          // found while reading everything
};

// Reads the whole file. Needs no symbols; about 1 GB/s of flow words.
TraceCounts count_everything(const trace::Reader& reader, const trace::Program& program);

}  // namespace tiptoe::analysis
