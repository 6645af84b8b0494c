// The exact path: what a trace says was executed is what a single-stepper saw natively, line by
// line.
//
// Every program tests/programs/path_* takes part. Both run with address randomization off.
//
// timeout: 60
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "integration/paths.h"

namespace tiptoe::test {
namespace {

std::vector<std::string> path_programs() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(TIPTOE_TEST_PROGRAMS)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("path_")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

class PathTest : public testing::TestWithParam<std::string> {
 protected:
  std::string program() const { return std::string(TIPTOE_TEST_PROGRAMS "/") + GetParam(); }
};

TEST_P(PathTest, RunsNatively) {
  EXPECT_EQ(run({program()}).status, 0);
}

TEST_P(PathTest, RunsUnderTheEngine) {
  const Outcome outcome = run({"setarch", "-R", TIPTOE_COMMAND, "run", "--", program()});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
}

TEST_P(PathTest, IsTheOneThatTheStepperSaw) {
  TemporaryFolder folder;
  const std::vector<Path> stepped = stepped_paths({program()});
  const Outcome outcome = record(folder / "trace", {program()});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto parted = difference(stepped, traced_paths(folder / "trace"));
  EXPECT_FALSE(parted) << *parted;
}

INSTANTIATE_TEST_SUITE_P(, PathTest, testing::ValuesIn(path_programs()),
                         [](const auto& info) { return info.param.substr(5); });

}  // namespace
}  // namespace tiptoe::test
