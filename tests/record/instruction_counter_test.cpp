// The number of instructions that flow words stand for.
#include "record/instruction_counter.h"

#include <gtest/gtest.h>

#include <cstring>

#include "bridge/definitions.h"
#include "bridge/flow_words.h"

namespace tiptoe::record {
namespace {

// A block of one segment whose exits stand behind the given instructions.
std::vector<u8> block(u32 first_exit_id, const std::vector<u16>& exits) {
  const BlockDefinition definition{1, first_exit_id, static_cast<u16>(exits.size()), 1, 9, 0, 0};
  std::vector<u8> bytes(sizeof(definition) + sizeof(BlockSegment) +
                        exits.size() * sizeof(BlockExit));
  std::memcpy(bytes.data(), &definition, sizeof(definition));
  u8* at = bytes.data() + sizeof(definition) + sizeof(BlockSegment);
  for (u16 instruction : exits) {
    const BlockExit exit{0, instruction, ExitKind::kJmp, {}};
    std::memcpy(at, &exit, sizeof(exit));
    at += sizeof(exit);
  }
  return bytes;
}

TEST(InstructionCounter, an_exit_stands_for_the_instructions_up_to_its_own) {
  InstructionCounter counter;
  counter.define(block(1, {0, 4}));
  counter.define(block(3, {2}));
  counter.count(std::vector<u32>{1, 2, 2, 3});
  EXPECT_EQ(counter.instructions(), 1u + 5 + 5 + 3);
}

TEST(InstructionCounter, control_records_count_only_what_was_executed) {
  InstructionCounter counter;
  counter.define(block(1, {9}));
  counter.count(std::vector<u32>{
      control_word(Control::kThreadStart, 2), 1, 1,  // a pc, not two exits
      1, control_word(Control::kPartial, 2), 1, 4,   // 4 of the block's instructions
      control_word(Control::kSingle, 6), 1, 1, 1, 1, 1, 1, 1, control_word(Control::kPad, 0), 1});
  EXPECT_EQ(counter.instructions(), 10u + 4 + 1 + 10);
}

TEST(InstructionCounter, long_runs_count_as_their_words_do) {
  InstructionCounter whole, by_word;
  for (InstructionCounter* counter : {&whole, &by_word}) counter->define(block(1, {0, 4, 6, 11}));
  std::vector<u32> words;
  for (u32 i = 0; i < 10'000; ++i) {
    words.push_back(1 + i * 2654435761u % 4);
    if (i % 997 == 5) words.insert(words.end(), {control_word(Control::kSignal, 2), 1, 1});
    if (i % 1501 == 7) words.push_back(0x1234567);  // unknown
  }
  whole.count(words);
  for (size_t at = 0; at < words.size();) {
    const size_t record = is_control(words[at]) ? 1 + control_payload_words(words[at]) : 1;
    by_word.count(std::span(words).subspan(at, record));
    at += record;
  }
  EXPECT_EQ(whole.instructions(), by_word.instructions());
  EXPECT_GT(whole.instructions(), 10'000u * 3);
}

TEST(InstructionCounter, damaged_records_are_ignored) {
  InstructionCounter counter;
  std::vector<u8> cut = block(1, {3, 3, 3});
  cut.resize(cut.size() - 1);
  counter.define(cut);
  counter.define(block(0xfffffff0, {3}));  // would ask for gigabytes
  counter.define({});
  counter.count(std::vector<u32>{1, 2, 0xeffffff0, control_word(Control::kSignal, 5), 1});
  EXPECT_EQ(counter.instructions(), 0u);
}

TEST(WrittenWords, a_killed_threads_chunk_ends_at_its_first_zero_word) {
  EXPECT_EQ(written_words(std::vector<u32>{7, 7, 0, 7}), 2u);
  EXPECT_EQ(written_words(std::vector<u32>{0, 7}), 0u);
  EXPECT_EQ(written_words(std::vector<u32>{7, 7}), 2u);
}

TEST(WrittenWords, zeros_in_a_payload_are_not_the_end) {
  EXPECT_EQ(written_words(std::vector<u32>{control_word(Control::kSignal, 3), 0, 0, 0, 7, 0}), 5u);
}

TEST(WrittenWords, a_payload_without_its_control_word_was_not_recorded) {
  EXPECT_EQ(written_words(std::vector<u32>{7, 0, 11, 11}), 1u);
}

TEST(WrittenWords, a_control_word_that_promises_more_than_there_is_room_for_ends_the_chunk) {
  EXPECT_EQ(written_words(std::vector<u32>{7, control_word(Control::kSignal, 5), 1, 1}), 1u);
}

}  // namespace
}  // namespace tiptoe::record
