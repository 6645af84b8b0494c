// The one line that a recording ends with.
#pragma once

#include <string>

#include "base/types.h"
#include "trace/records.h"

namespace tiptoe::record {

struct Summary {
  u64 flow_bytes = 0;  // of control flow, before compression
  u32 threads = 0;
  u32 processes = 0;
  u64 file_bytes = 0;
  u64 dropped_words = 0;
  std::string file;
  trace::RecordMode mode = trace::RecordMode::kFlow;
};

std::string summary_line(const Summary& summary);

}  // namespace tiptoe::record
