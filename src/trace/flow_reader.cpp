#include "trace/flow_reader.h"

namespace tiptoe::trace {

bool FlowReader::next(FlowChunk& chunk) {
  while (next_section_ < stream_.sections.size()) {
    const Section& section = reader_.sections()[stream_.sections[next_section_++]];
    const SectionHeader& header = section.header;
    if (header.sequence < expected_sequence_) {
      problems_.add(describe(header) + " is there twice; the first is used");
      continue;
    }
    const auto payload = reader_.payload(section, buffer_);
    if (!payload) {
      problems_.add(payload.error().message);  // and counts as missing before the next chunk
      continue;
    }
    chunk.missing_before = header.sequence - expected_sequence_;
    if (chunk.missing_before != 0) {
      problems_.add(std::to_string(chunk.missing_before) + " chunk(s) missing before " +
                    describe(header));
    }
    expected_sequence_ = u64{header.sequence} + 1;
    chunk.sequence = header.sequence;
    chunk.begin_tsc = header.begin_tsc;
    chunk.end_tsc = header.end_tsc;
    chunk.words = {reinterpret_cast<const u32*>(payload->data()), payload->size() / sizeof(u32)};
    return true;
  }
  return false;
}

}  // namespace tiptoe::trace
