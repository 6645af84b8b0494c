// Chunks whose owner was killed: what of them is a record.
#include "record/written_words.h"

#include <gtest/gtest.h>

#include <vector>

#include "bridge/flow_words.h"

namespace tiptoe::record {
namespace {

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
