// The executed path: every instruction, in order, nothing else.
#include "analysis/path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/info.h"
#include "support/trace_builder.h"

namespace tiptoe::analysis {
namespace {

using ::testing::ElementsAre;
using testing::TraceBuilder;

struct Walked {
  std::vector<u64> pcs;
  std::vector<std::string> events;
  StreamCounts counts;
};

Walked walk(TraceBuilder& builder, PathRange range = {}) {
  const auto reader = *trace::Reader::open(builder.finish());
  const trace::Program program = trace::Program::load(reader);
  Walked walked;
  trace::Integrity problems;
  for (const trace::Stream& stream : program.streams) {
    walk_path(
        reader, program, stream, range,
        [&](const Step& step) {
          walked.pcs.push_back(step.pc);
          return true;
        },
        [&](const std::string& text) { walked.events.push_back(text); }, problems);
  }
  walked.counts = count_everything(reader, program).total;
  return walked;
}

TEST(Path, shows_each_instruction_of_each_block_up_to_its_exit) {
  TraceBuilder b;
  const u32 loop = b.block(0x1000, "ff c8 75 fc");  // dec eax; jnz 1000
  const u32 end = b.block(0x1004, "90 c3");
  b.run(loop, ExitKind::kBranch).run(loop, ExitKind::kNotTaken).run(end);
  const Walked walked = walk(b);
  EXPECT_THAT(walked.pcs, ElementsAre(0x1000, 0x1002, 0x1000, 0x1002, 0x1004, 0x1005));
  EXPECT_EQ(walked.counts.instructions, 6u);
  EXPECT_EQ(walked.counts.blocks, 3u);
  EXPECT_EQ(walked.counts.path_breaks, 0u);
}

TEST(Path, follows_a_direct_jump_inside_a_block) {
  TraceBuilder b;
  b.run(b.block({{0x1000, "90 eb 0d"}, {0x1010, "90 c3"}}));
  EXPECT_THAT(walk(b).pcs, ElementsAre(0x1000, 0x1001, 0x1010, 0x1011));
}

TEST(Path, of_an_interrupted_block_ends_where_it_was_left) {
  TraceBuilder b;
  const u32 work = b.block(0x1000, "90 90 90 c3");
  const u32 handler = b.block(0x2000, "c3");
  const u32 rest = b.block(0x1002, "90 c3");
  b.partial(work, 2).signal(10, 0x1002, 0x2000).run(handler).sigreturn(0x1002).run(rest);
  const Walked walked = walk(b);
  EXPECT_THAT(walked.pcs, ElementsAre(0x1000, 0x1001, 0x2000, 0x1002, 0x1003));
  EXPECT_EQ(walked.events.size(), 2u);
  EXPECT_EQ(walked.counts.signals, 1u);
  EXPECT_EQ(walked.counts.instructions, 5u);
}

TEST(Path, shows_instructions_that_the_runtime_executed_itself) {
  TraceBuilder b;
  b.run(b.block(0x1000, "90 0f 05"));
  b.control(Control::kSingle, {0x1003, 0, 0x0f, 0, 0, 2u << 24});
  EXPECT_THAT(walk(b).pcs, ElementsAre(0x1000, 0x1001, 0x1003));
}

TEST(Path, from_and_count_choose_a_range) {
  TraceBuilder b;
  const u32 loop = b.block(0x1000, "ff c8 75 fc");
  for (int i = 0; i < 10; ++i) b.run(loop, ExitKind::kBranch);
  EXPECT_THAT(walk(b, {3, 4}).pcs, ElementsAre(0x1002, 0x1000, 0x1002, 0x1000));
}

TEST(Path, a_range_goes_on_in_the_next_thread) {
  TraceBuilder b;
  const u32 one = b.block(0x1000, "90 c3");
  b.run(one);
  b.thread(2, 102, 0x1000).run(one);
  EXPECT_THAT(walk(b, {1, 2}).pcs, ElementsAre(0x1001, 0x1000));
}

TEST(Path, stops_at_the_first_word_that_was_not_written) {
  TraceBuilder b;
  const u32 one = b.block(0x1000, "90 c3");
  b.run(one).control(Control::kPad).run(one);
  EXPECT_EQ(walk(b).pcs.size(), 2u);
}

TEST(Path, missing_chunks_are_told) {
  TraceBuilder b;
  const u32 one = b.block(0x1000, "90 c3");
  b.run(one).cut(3).run(one);
  const Walked walked = walk(b);
  EXPECT_EQ(walked.pcs.size(), 4u);
  EXPECT_EQ(walked.events.size(), 1u);
  EXPECT_EQ(walked.counts.missing_chunks, 3u);
}

TEST(Info, notices_a_direct_exit_that_arrives_elsewhere) {
  TraceBuilder b;
  const u32 jump = b.block(0x1000, "eb 0e");  // to 1010
  const u32 wrong = b.block(0x1020, "c3");
  const u32 right = b.block(0x1010, "c3");
  b.run(jump).run(right).run(jump).run(wrong);
  EXPECT_EQ(walk(b).counts.path_breaks, 1u);
}

TEST(Info, counts_drops_and_words_that_no_block_explains) {
  TraceBuilder b;
  b.run(b.block(0x1000, "c3")).control(Control::kGap, {5, 0});
  b.run(b.block(0x1000, "eb fe")).control(Control::kPartial, {77777, 1});
  const Walked walked = walk(b);
  EXPECT_EQ(walked.counts.unknown_exits, 1u);
  EXPECT_EQ(walked.counts.dropped_words, 5u);
}

}  // namespace
}  // namespace tiptoe::analysis
