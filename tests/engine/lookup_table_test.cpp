// The lookup tables verify by an address that is none: what an entry gives for any other user
// address with the same low half must not be canonical.
#include "engine/link/lookup_table.h"

#include <gtest/gtest.h>

#include <random>

#include "sys/mapping.h"

namespace tiptoe::engine {
namespace {

constexpr u64 kUserEnd = u64{1} << 47;

// What emitted code computes.
u64 looked_up(const LookupTable& table, AppPc target) {
  const u64 low = static_cast<u32>(raw(target)), high = raw(target) >> 32;
  const u32 index =
      static_cast<u32>(low + (table.is_salted() ? __builtin_bswap32(static_cast<u32>(high)) : 0));
  const u64 entry = reinterpret_cast<const u64*>(table.address())[index];
  return entry == 0 ? 0 : entry + __builtin_bswap64(high);
}

bool is_canonical(u64 address) {
  return static_cast<u64>(static_cast<i64>(address << 16) >> 16) == address;
}

class Tables : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    sys::set_private_area(0x500000000000);
    ASSERT_TRUE(table_.init(false));
    ASSERT_TRUE(table_.has_wide_index());
    if (GetParam()) table_.salt();
  }
  LookupTable table_;
  std::mt19937_64 random_{7};
};

TEST_P(Tables, give_the_place_for_what_it_was_made_for) {
  for (int i = 0; i < 1000; ++i) {
    const AppPc target{random_() % kUserEnd};
    const CachePc place{random_() % kUserEnd};
    table_.set(target, place);
    EXPECT_EQ(looked_up(table_, target), raw(place));
    EXPECT_EQ(raw(table_.find(target)), raw(place));
    table_.clear(target, place + 1);
    EXPECT_EQ(looked_up(table_, target), raw(place));
    table_.clear(target, place);
    EXPECT_EQ(looked_up(table_, target), 0u);
    EXPECT_EQ(raw(table_.find(target)), 0u);
  }
}

TEST_P(Tables, give_no_address_for_any_other_with_the_same_low_half) {
  if (GetParam()) GTEST_SKIP() << "there they have another index";
  const u64 low = 0x89abcdef;
  for (const u64 high : {u64{0}, u64{1}, u64{0xff}, u64{0x5555}, u64{0x7f00}, u64{0x7fff}}) {
    table_.set(AppPc{high << 32 | low}, CachePc{0x7f1234567890});
    for (u64 other = 0; other < kUserEnd >> 32; ++other) {
      const AppPc target{other << 32 | low};
      ASSERT_EQ(is_canonical(looked_up(table_, target)), other == high) << other;
      ASSERT_EQ(raw(table_.find(target)) != 0, other == high) << other;
    }
  }
}

TEST_P(Tables, forget_what_lay_in_a_range) {
  const u64 start = 0x7f0000400000;
  for (u64 at = start; at < start + 0x10000; at += 64) table_.set(AppPc{at}, CachePc{at + 7});
  table_.forget(start, 0x8000);
  for (u64 at = start; at < start + 0x8000; at += 64) {
    if (at < start + 512 || at >= start + 0x8000 - 512) continue;  // pages that others share
    EXPECT_EQ(looked_up(table_, AppPc{at}), 0u);
  }
  for (u64 at = start + 0x8000; at < start + 0x10000; at += 64) {
    EXPECT_EQ(looked_up(table_, AppPc{at}), at + 7);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Tables, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "salted" : "plain"; });

}  // namespace
}  // namespace tiptoe::engine
