// The set of numbers that are gone: says what a set says, and takes the room of its holes.
#include "record/number_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace tiptoe::record {
namespace {

TEST(NumberSet, agrees_with_a_set) {
  std::mt19937 random(1);
  NumberSet numbers;
  std::set<u32> reference;
  for (int i = 0; i < 5000; ++i) {
    const u32 number = random() % 2000;
    EXPECT_EQ(numbers.insert(number), reference.insert(number).second);
    EXPECT_EQ(numbers.size(), reference.size());
    const u32 asked = random() % 2001;
    EXPECT_EQ(numbers.contains(asked), reference.contains(asked)) << asked;
  }
}

TEST(NumberSet, takes_no_more_room_for_more_neighbours) {
  NumberSet numbers;
  for (u32 number = 100'000; number > 1; number -= 2) numbers.insert(number);
  for (u32 number = 99'999; number > 2; number -= 2) numbers.insert(number);
  EXPECT_EQ(numbers.size(), 99'999u);  // 2 to 100,000
  EXPECT_EQ(numbers.ranges(), 1u);
  EXPECT_FALSE(numbers.contains(1));
}

}  // namespace
}  // namespace tiptoe::record
