// SIGKILL at random moments: to the traced program, whose trace must hold all it had done; and to
// the recorder or its helper process, whose program must go on as if nothing had happened and whose
// trace must hold a beginning.
//
// The program tells each round that it finishes. Its path is always the same, so that what a trace
// holds must be a beginning of what the stepper saw, and must reach at least as far as was told.
//
// hazard: 6.13
// timeout: 200
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "integration/paths.h"

namespace tiptoe::test {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

constexpr char kTarget[] = TIPTOE_TEST_PROGRAMS "/kill_target_static";
constexpr char kBusy[] = TIPTOE_TEST_PROGRAMS "/busy_rounds_static";
constexpr char kBusyOutput[] = "0\n1\n2\n3\n4\n5\n6\n7\n";
constexpr int kMoments = 50;
constexpr int kRounds = 150;
constexpr size_t kBytesPerRound = 4;

class KillTest : public testing::Test {
 protected:
  // The moments differ from run to run; the seed is told so that a failure can be had again.
  KillTest() {
    const char* given = std::getenv("TIPTOE_TEST_SEED");
    seed_ = given ? static_cast<unsigned>(std::atoi(given)) : std::random_device()();
    random_.seed(seed_);
    RecordProperty("seed", std::to_string(seed_));
  }

  // Sleeps for up to the time that the program takes natively, and a bit.
  void wait_for_a_moment() {
    std::this_thread::sleep_for(microseconds(std::uniform_int_distribution(0, 120000)(random_)));
  }

  std::string where(int moment) const {
    return "moment " + std::to_string(moment) + " of TIPTOE_TEST_SEED=" + std::to_string(seed_);
  }

  static std::string whole_output() {
    std::string text;
    for (int i = 0; i < kRounds; ++i) {
      char line[8];
      std::snprintf(line, sizeof line, "%03d\n", i);
      text += line;
    }
    return text;
  }

  unsigned seed_ = 0;
  std::mt19937 random_;
};

// Among all that a process has started, the one that runs the target; 0 when there is none (yet).
pid_t target_below(pid_t parent) {
  const std::string folder = "/proc/" + std::to_string(parent);
  std::error_code gone;
  if (std::filesystem::read_symlink(folder + "/exe", gone) == kTarget) return parent;
  std::istringstream children(read_file(folder + "/task/" + std::to_string(parent) + "/children"));
  for (pid_t child = 0; children >> child;) {
    if (const pid_t target = target_below(child)) return target;
  }
  return 0;
}

pid_t wait_for_target(pid_t recorder) {
  for (int i = 0; i < 5000; ++i) {
    if (const pid_t target = target_below(recorder)) return target;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return 0;
}

pid_t parent_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("PPid:")) return std::stoi(line.substr(5));
  }
  return 0;
}

// Where the line that tells of a round is written: the address of a label in the program.
std::string tell_syscall() {
  for (const std::string& line : lines_of(run({"nm", kTarget}).out)) {
    if (!line.ends_with(" tell_syscall")) continue;
    std::ostringstream address;
    address << std::hex << std::stoul(line, nullptr, 16);
    return address.str();
  }
  return "";
}

TEST_F(KillTest, KilledProgramLeavesAllItHadRecorded) {
  const std::vector<Path> stepped = stepped_paths({kTarget});
  ASSERT_EQ(stepped.size(), 1u);
  const Path& whole = stepped[0];
  const std::string tell = tell_syscall();
  ASSERT_EQ(std::count(whole.begin(), whole.end(), tell), kRounds);

  int killed = 0;
  for (int moment = 0; moment < kMoments; ++moment) {
    SCOPED_TRACE(where(moment));
    TemporaryFolder folder;
    const std::string trace = folder / "trace";
    Child recorder({"setarch", "-R", TIPTOE_COMMAND, "record", "-o", trace, "--", kTarget});
    recorder.read_output(moment % 2 ? kBytesPerRound : 0, seconds(20));
    const pid_t target = wait_for_target(recorder.pid());
    ASSERT_GT(target, 0) << "the program was not seen: " << recorder.finish(seconds(20)).err;
    wait_for_a_moment();
    kill(target, SIGKILL);
    const Outcome outcome = recorder.finish(seconds(30));
    ASSERT_TRUE(outcome.status == 128 + SIGKILL || outcome.status == 0)
        << outcome.status << " " << outcome.err;
    killed += outcome.status != 0;

    EXPECT_EQ(run({TIPTOE_COMMAND, "info", trace}).status, 0);
    const Path path = traced_path(trace);
    ASSERT_LE(path.size(), whole.size());
    ASSERT_TRUE(std::equal(path.begin(), path.end(), whole.begin()))
        << *difference({whole}, {path});
    const auto told = static_cast<long>(outcome.out.size() / kBytesPerRound);
    ASSERT_GE(std::count(path.begin(), path.end(), tell), told);
  }
  EXPECT_GT(killed, kMoments / 4) << "the moments were not in the program's life";
}

TEST_F(KillTest, ProgramSurvivesTheRecorder) {
  for (int moment = 0; moment < kMoments; ++moment) {
    SCOPED_TRACE(where(moment));
    TemporaryFolder folder;
    Child recorder({TIPTOE_COMMAND, "record", "-o", folder / "trace", "--", kTarget});
    recorder.read_output(kBytesPerRound, seconds(20));
    wait_for_a_moment();
    kill(recorder.pid(), SIGKILL);
    // The program holds the other ends of the pipes: all is read when it has ended.
    const Outcome outcome = recorder.finish(seconds(30));
    ASSERT_TRUE(outcome.status == 128 + SIGKILL || outcome.status == 0) << outcome.status;
    ASSERT_EQ(outcome.out, whole_output());
    EXPECT_LT(run({TIPTOE_COMMAND, "info", folder / "trace"}).status, 125);
  }
}

// What it had handed over in whole chunks, of a program that goes on defining new code.
TEST_F(KillTest, KilledRecorderLeavesABeginning) {
  TemporaryFolder folder;
  ASSERT_EQ(record(folder / "whole", {kBusy}).status, 0);
  const Outcome whole = run({TIPTOE_COMMAND, "path", "--raw", folder / "whole"});
  ASSERT_EQ(whole.status, 0) << whole.err;

  Child recorder({"setarch", "-R", TIPTOE_COMMAND, "record", "-o", folder / "cut", "--", kBusy});
  recorder.read_output(8, seconds(20));  // four rounds: more than two chunks
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  kill(recorder.pid(), SIGKILL);
  EXPECT_EQ(recorder.finish(seconds(30)).out, kBusyOutput);

  const Outcome cut = run({TIPTOE_COMMAND, "path", "--raw", folder / "cut"});
  EXPECT_EQ(cut.status, 2) << "a file without its end: " << cut.err;
  EXPECT_GT(std::count(cut.out.begin(), cut.out.end(), '\n'), 500'000);
  EXPECT_LT(cut.out.size(), whole.out.size());
  EXPECT_EQ(whole.out.compare(0, cut.out.size(), cut.out), 0) << "paths part";
}

TEST_F(KillTest, ProgramSurvivesTheRecordersHelper) {
  const std::vector<Path> stepped = stepped_paths({kTarget});
  ASSERT_EQ(stepped.size(), 1u);
  for (int moment = 0; moment < 5; ++moment) {
    SCOPED_TRACE(where(moment));
    TemporaryFolder folder;
    const std::string trace = folder / "trace";
    Child recorder({"setarch", "-R", TIPTOE_COMMAND, "record", "-o", trace, "--", kTarget});
    recorder.read_output(kBytesPerRound, seconds(20));
    const pid_t target = wait_for_target(recorder.pid());
    ASSERT_GT(target, 0);
    const pid_t helper = parent_of(target);
    ASSERT_EQ(parent_of(helper), recorder.pid());
    kill(helper, SIGKILL);
    const Outcome outcome = recorder.finish(seconds(30));
    EXPECT_EQ(outcome.status, 125);
    EXPECT_EQ(outcome.out, whole_output());
    EXPECT_NE(outcome.err.find("helper process was lost"), std::string::npos) << outcome.err;
    const Path path = traced_path(trace);
    ASSERT_GT(path.size(), 0u);
    ASSERT_LE(path.size(), stepped[0].size());
    EXPECT_TRUE(std::equal(path.begin(), path.end(), stepped[0].begin()))
        << *difference(stepped, {path});
  }
}

}  // namespace
}  // namespace tiptoe::test
