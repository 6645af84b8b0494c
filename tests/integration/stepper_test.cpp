// The oracle is tested too: on a path known by hand, and with planted differences.
#include <gtest/gtest.h>

#include "integration/paths.h"

namespace tiptoe::test {
namespace {

std::string program(const char* name) {
  return std::string(TIPTOE_TEST_PROGRAMS "/") + name;
}

TEST(StepperTest, SeesEveryInstructionOfAKnownPath) {
  const Path expected{"401000", "401005", "401005", "401005", "401007", "40100a", "40100f",
                      "401011", "401013", "401015", "401023", "40101a", "40101c", "401021"};
  const std::vector<Path> paths = stepped_paths({program("stepper_known")});
  ASSERT_EQ(paths.size(), 1u);
  EXPECT_EQ(paths[0], expected);
}

TEST(StepperTest, SeesTheSamePathTwice) {
  for (const char* name : {"path_signal", "path_threads", "path_fork", "path_strings"}) {
    EXPECT_EQ(stepped_paths({program(name)}), stepped_paths({program(name)})) << name;
  }
}

TEST(StepperTest, FollowsThreadsProcessesAndImages) {
  EXPECT_EQ(stepped_paths({program("path_threads")}).size(), 5u);
  EXPECT_EQ(stepped_paths({program("path_fork")}).size(), 5u);
  EXPECT_EQ(stepped_paths({program("path_exec")}).size(), 2u);
}

TEST(StepperTest, ReturnsTheExitStatus) {
  const std::string stepper = TIPTOE_TEST_TOOLS "/stepper";
  TemporaryFolder folder;
  EXPECT_EQ(run({stepper, folder.path(), program("path_exec"), "too", "many"}).status, 1);
  EXPECT_EQ(run({stepper, folder / "missing", program("stepper_known")}).status, 125);
  EXPECT_EQ(run({stepper, folder.path(), folder / "missing"}).status, 127);
}

TEST(DifferenceTest, IsNoneForTheSamePathsInAnotherOrder) {
  EXPECT_FALSE(difference({{"1", "2"}, {"3"}}, {{"3"}, {"1", "2"}}));
}

TEST(DifferenceTest, FindsOneWrongLine) {
  EXPECT_TRUE(difference({{"1", "2", "3"}}, {{"1", "5", "3"}}));
}

TEST(DifferenceTest, FindsAMissingAndAnExtraLine) {
  EXPECT_TRUE(difference({{"1", "2", "3"}}, {{"1", "2"}}));
  EXPECT_TRUE(difference({{"1", "2"}}, {{"1", "2", "3"}}));
}

TEST(DifferenceTest, FindsAMissingAndAnExtraThread) {
  EXPECT_TRUE(difference({{"1"}, {"1"}}, {{"1"}}));
  EXPECT_TRUE(difference({{"1"}}, {{"1"}, {"1"}}));
}

}  // namespace
}  // namespace tiptoe::test
