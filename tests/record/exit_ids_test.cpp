// A program that uses up its exit ids goes on; its recording ends, and says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/info.h"
#include "bridge/flow_words.h"
#include "inject/embedded_runtime.h"
#include "record/session.h"
#include "support/workshop.h"
#include "trace/reader.h"

namespace tiptoe::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ExitIds : public ::testing::Test {
 protected:
  // Records a shell with two children of its own, of which one executes something.
  Outcome record(u32 first_exit_id) {
    return workshop_.run([&] {
      record::SessionOptions session;
      session.argv = {"/bin/sh", "-c", "(echo one); /bin/echo two; exit 3"};
      session.runtime = inject::embedded_runtime();
      session.version = "test";
      session.output = trace_;
      session.first_exit_id = first_exit_id;
      return record::run_session(session);
    });
  }
  void expect_ended(u32 ids_left) {
    const Outcome outcome = record(kMaxExitId + 1 - ids_left);
    EXPECT_EQ(outcome.status, 3);
    EXPECT_EQ(outcome.out, "one\ntwo\n");
    const std::string said = "exit ids are used up";
    const size_t first = outcome.err.find(said), second = outcome.err.find(said, first + 1);
    EXPECT_NE(first, std::string::npos) << outcome.err;
    EXPECT_NE(second, std::string::npos) << "an image of its own: " << outcome.err;
    EXPECT_EQ(outcome.err.find(said, second + 1), std::string::npos) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("dropped"));

    const trace::Reader reader = std::move(*trace::Reader::open(trace_));
    const trace::Program program = trace::Program::load(reader);
    EXPECT_THAT(reader.integrity().problems, IsEmpty());
    EXPECT_THAT(program.problems.problems, IsEmpty());
    EXPECT_EQ(program.notes.size(), 2u);
    for (const trace::Image& image : program.images) {
      EXPECT_LE(image.exit_count(), ids_left);
      for (const trace::Block& block : image.blocks) {
        EXPECT_LE(block.first_exit_id + block.exit_count, kMaxExitId + 1);
      }
    }
    const analysis::TraceCounts counts = analysis::count_everything(reader, program);
    EXPECT_THAT(counts.problems.problems, IsEmpty());
    EXPECT_GT(counts.total.unnamed_exits, 0u);
    EXPECT_EQ(counts.total.unknown_exits, 0u);
    EXPECT_EQ(counts.total.path_breaks, 0u);
  }

  Workshop workshop_;
  std::string trace_ = workshop_.path("trace");
};

TEST_F(ExitIds, from_the_first_block_on) {
  expect_ended(0);
}
TEST_F(ExitIds, in_the_dynamic_linker) {
  expect_ended(500);
}
TEST_F(ExitIds, in_the_middle_of_a_blocks_ids) {
  for (u32 left = 100; left < 104; ++left) expect_ended(left);
}

TEST_F(ExitIds, all_of_them_may_be_used) {
  const Outcome outcome = record(kMaxExitId + 1 - 1'000'000);
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.err, Not(HasSubstr("used up")));
  const trace::Reader reader = std::move(*trace::Reader::open(trace_));
  const trace::Program program = trace::Program::load(reader);
  const analysis::TraceCounts counts = analysis::count_everything(reader, program);
  EXPECT_GT(counts.total.instructions, 10'000u);
  EXPECT_EQ(counts.total.unknown_exits + counts.total.unnamed_exits, 0u);
}

}  // namespace
}  // namespace tiptoe::testing
