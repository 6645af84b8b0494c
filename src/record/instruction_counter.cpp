#include "record/instruction_counter.h"

#include <bit>
#include <cstring>

#include "bridge/definitions.h"
#include "bridge/flow_words.h"

namespace tiptoe::record {
namespace {

constexpr u32 kMostExits =
    1u << 28;  // far beyond any program; bounds what damaged memory can ask for

}  // namespace

void InstructionCounter::define(std::span<const u8> block) {
  BlockDefinition definition;
  if (block.size() < sizeof(definition)) return;
  std::memcpy(&definition, block.data(), sizeof(definition));
  const size_t exits_at = sizeof(definition) + definition.segment_count * sizeof(BlockSegment);
  const u64 last = u64{definition.first_exit_id} + definition.exit_count;
  if (last > kMostExits || exits_at + definition.exit_count * sizeof(BlockExit) > block.size()) {
    return;
  }
  if (by_exit_.size() < last) by_exit_.resize(std::bit_ceil(last));
  for (u32 i = 0; i < definition.exit_count; ++i) {
    BlockExit exit;
    std::memcpy(&exit, block.data() + exits_at + i * sizeof(exit), sizeof(exit));
    by_exit_[definition.first_exit_id + i] = static_cast<u16>(exit.instruction + 1);
  }
}

// All of a group are known exits, nearly always: one comparison then stands for all of theirs. The
// sum is not kept in memory, where each addition would wait for the one before.
size_t InstructionCounter::count_exits(std::span<const u32> words) {
  constexpr size_t kGroup = 8;
  constexpr size_t kAhead = 512;  // the words come from another core's cache, or from memory
  const u16* const by_exit = by_exit_.data();
  const u32 known = static_cast<u32>(by_exit_.size());  // a power of two; control words are above
  u64 instructions = 0;
  size_t at = 0;
  for (; at + kGroup <= words.size(); at += kGroup) {
    const u32* const group = words.data() + at;
    __builtin_prefetch(group + kAhead);
    u32 any = 0;
    for (size_t i = 0; i < kGroup; ++i) any |= group[i];
    if (any >= known) break;
    for (size_t i = 0; i < kGroup; ++i) instructions += by_exit[group[i]];
  }
  instructions_ += instructions;
  return at;
}

void InstructionCounter::count(std::span<const u32> words) {
  for (size_t at = count_exits(words); at < words.size(); ++at) {
    const u32 word = words[at];
    if (!is_control(word)) {
      if (word < by_exit_.size()) instructions_ += by_exit_[word];
      continue;
    }
    const u32 payload = control_payload_words(word);
    if (at + payload >= words.size()) return;
    switch (control_kind(word)) {
      case Control::kPad:
        return;
      case Control::kPartial:
        instructions_ += words[at + 2];
        break;
      case Control::kSingle:
        ++instructions_;
        break;
      default:
        break;
    }
    at += payload;
    at += count_exits(words.subspan(at + 1));
  }
}

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
