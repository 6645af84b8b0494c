#include "record/written_words.h"

#include "bridge/flow_words.h"

namespace tiptoe::record {

size_t written_words(std::span<const u32> chunk) {
  size_t at = 0;
  while (at < chunk.size() && chunk[at] != 0) {
    const size_t record = is_control(chunk[at]) ? 1 + control_payload_words(chunk[at]) : 1;
    if (record > chunk.size() - at) break;
    at += record;
  }
  return at;
}

}  // namespace tiptoe::record
