// What a reader makes of definitions: modules by time, forks, odd blocks.
#include "trace/program.h"

#include <gtest/gtest.h>

#include <random>

#include "support/trace_builder.h"
#include "trace/address_space.h"

namespace tiptoe::trace {
namespace {

using testing::TraceBuilder;

const Module* module_of(const Program& program, u32 block) {
  const Image& image = program.images[0];
  const u32 module = image.segments[image.blocks[block].first_segment].module;
  return module == kNone ? nullptr : &program.modules[module];
}

TEST(Modules, a_block_belongs_to_what_was_mapped_when_it_was_translated) {
  TraceBuilder b;
  b.map(0x200000, 0x1000, "/first.so").block(0x200000, "c3");
  b.unmap(0x200000, 0x1000).map(0x200000, 0x1000, "/second.so").block(0x200000, "c3");
  b.unmap(0x200000, 0x1000).block(0x200000, "c3");
  const Program program = Program::load(*Reader::open(b.finish()));
  ASSERT_EQ(program.images[0].blocks.size(), 3u);
  EXPECT_EQ(module_of(program, 0)->path, "/first.so");
  EXPECT_EQ(module_of(program, 1)->path, "/second.so");
  EXPECT_EQ(module_of(program, 2), nullptr);
}

TEST(Modules, a_forked_child_has_what_its_parent_had_then) {
  TraceBuilder b;
  b.map(0x200000, 0x1000, "/before.so");
  b.fork(2, 101, 2, 0x200000).block(0x200000, "c3");
  const Program program = Program::load(*Reader::open(b.finish()));
  ASSERT_EQ(program.images[0].blocks.size(), 1u);
  ASSERT_NE(module_of(program, 0), nullptr);
  EXPECT_EQ(module_of(program, 0)->path, "/before.so");
}

TEST(AddressSpace, agrees_with_a_table_of_bytes) {
  constexpr u32 kNothing = 999;
  std::mt19937 random(7);
  AddressSpace space;
  std::vector<u32> table(256, kNothing);
  for (u32 round = 0; round < 5000; ++round) {
    const u64 start = random() % table.size();
    const u64 bytes = random() % (table.size() - start) + 1;
    const bool map = random() % 3 != 0;
    if (map) {
      space.map(start, bytes, round);
    } else {
      space.unmap(start, bytes);
    }
    std::fill_n(table.begin() + static_cast<long>(start), bytes, map ? round : kNothing);
    for (u64 at = 0; at < table.size(); ++at)
      ASSERT_EQ(space.find(at, kNothing), table[at]) << round;
  }
}

TEST(ExitIds, far_apart_are_found_without_a_table) {
  Image image;
  // As the loader leaves it when ids are too sparse: no table, blocks by id.
  image.blocks.push_back({.first_exit_id = 5, .first_slot = 0, .exit_count = 2});
  image.blocks.push_back({.first_exit_id = 0xe0000000, .first_slot = 2, .exit_count = 1});
  image.block_of_slot = {0, 0, 1};
  EXPECT_EQ(image.slot_of(5), 0u);
  EXPECT_EQ(image.slot_of(6), 1u);
  EXPECT_EQ(image.slot_of(7), kNone);
  EXPECT_EQ(image.slot_of(4), kNone);
  EXPECT_EQ(image.slot_of(0xe0000000), 2u);
  EXPECT_EQ(image.slot_of(0xe0000001), kNone);
}

}  // namespace
}  // namespace tiptoe::trace
