// Reads one thread's flow stream chunk by chunk, in order, whatever is missing in between.
#pragma once

#include <span>
#include <string>

#include "bridge/flow_words.h"
#include "trace/program.h"
#include "trace/reader.h"

namespace tiptoe::trace {

struct FlowChunk {
  u32 sequence = 0;
  u64 begin_tsc = 0;
  u64 end_tsc = 0;
  u64 missing_before = 0;  // chunks that are not in the file, or are damaged
  std::span<const u32> words;
};

class FlowReader {
 public:
  FlowReader(const Reader& reader, const Stream& stream) : reader_(reader), stream_(stream) {}

  // False at the end of the stream. The words are valid until the next call.
  bool next(FlowChunk& chunk);
  // What was found missing or damaged so far.
  const Integrity& problems() const { return problems_; }

 private:
  const Reader& reader_;
  const Stream& stream_;
  PayloadBuffer buffer_;
  Integrity problems_;
  size_t next_section_ = 0;
  u64 expected_sequence_ = 0;
};

// Calls visitor.exit(id) and visitor.control(kind, payload) for each record of a chunk, in order.
// False when the words end in the middle of a record. Unknown control kinds are passed on too.
template <class Visitor>
bool for_each_record(std::span<const u32> words, Visitor&& visitor) {
  const size_t size = words.size();
  for (size_t i = 0; i < size;) {
    const u32 word = words[i++];
    if (word == 0) return true;  // nothing was written from here on
    if (!is_control(word)) {
      visitor.exit(word);
      continue;
    }
    const Control kind = control_kind(word);
    const u32 payload_words = control_payload_words(word);
    if (kind == Control::kPad) return true;
    if (payload_words > size - i) return false;
    visitor.control(kind, words.subspan(i, payload_words));
    i += payload_words;
  }
  return true;
}

}  // namespace tiptoe::trace
