// The command as a person meets it: exit statuses, streams, files, and what it says to bad input.
//
// timeout: 120
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "integration/paths.h"

namespace tiptoe::test {
namespace {

constexpr char kTiptoe[] = TIPTOE_COMMAND;

// PIDFD_GET_INFO with the exit code is there from Linux 6.15 on.
bool has_exit_info() {
  utsname kernel{};
  int major = 0, minor = 0;
  if (uname(&kernel) != 0 || std::sscanf(kernel.release, "%d.%d", &major, &minor) != 2)
    return false;
  return major > 6 || (major == 6 && minor >= 15);
}
const std::vector<std::string> kReadingVerbs{"info", "report", "calls", "path"};

std::string program(const char* name) {
  return std::string(TIPTOE_TEST_PROGRAMS "/") + name;
}

class CommandTest : public testing::Test {
 protected:
  Outcome in_folder(const Command& command) { return run(command, folder_.path()); }

  Outcome record(const Command& command) {
    Command whole{kTiptoe, "record", "-o", trace(), "--"};
    whole.insert(whole.end(), command.begin(), command.end());
    return in_folder(whole);
  }

  std::string trace() const { return folder_ / "trace"; }

  nlohmann::json info() {
    const Outcome outcome = run({kTiptoe, "info", "--json", trace()});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out, nullptr, false);
  }

  // A complaint is one line, of our own.
  static void expect_complaint(const Outcome& outcome, int status) {
    EXPECT_EQ(outcome.status, status);
    ASSERT_EQ(lines_of(outcome.err).size(), 1u) << outcome.err;
    EXPECT_TRUE(outcome.err.starts_with("tiptoe")) << outcome.err;
  }

  TemporaryFolder folder_;
};

TEST_F(CommandTest, HelpsAndTellsItsVersion) {
  EXPECT_TRUE(run({kTiptoe, "--version"}).out.starts_with("tiptoe "));
  EXPECT_EQ(run({kTiptoe, "--help"}).status, 0);
  for (const char* verb : {"record", "run", "info", "report", "calls", "path", "export"}) {
    const Outcome outcome = run({kTiptoe, verb, "--help"});
    EXPECT_EQ(outcome.status, 0) << verb;
    EXPECT_NE(outcome.out.find(verb), std::string::npos) << outcome.out;
  }
  EXPECT_NE(run({kTiptoe, "dance"}).status, 0);
}

TEST_F(CommandTest, ReturnsTheProgramsExitStatus) {
  for (const char* verb : {"run", "record"}) {
    for (int status : {0, 1, 42, 255}) {
      const std::string script = "exit " + std::to_string(status);
      EXPECT_EQ(in_folder({kTiptoe, verb, "--", "sh", "-c", script}).status, status) << verb;
    }
    EXPECT_EQ(in_folder({kTiptoe, verb, "--", "sh", "-c", "kill -KILL $$"}).status, 128 + SIGKILL);
  }
}

TEST_F(CommandTest, SaysWhyAProgramCannotBeRun) {
  write_file(folder_ / "text", "just text");
  std::string foreign(64, '\0');  // an ELF header for another processor
  foreign.replace(0, 20,
                  std::string("\x7f"
                              "ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\xb7\0",
                              20));
  write_file(folder_ / "foreign", foreign);
  std::filesystem::permissions(folder_ / "foreign", std::filesystem::perms::owner_all);
  for (const char* verb : {"run", "record"}) {
    SCOPED_TRACE(verb);
    expect_complaint(in_folder({kTiptoe, verb, "--", folder_ / "missing"}), 127);
    expect_complaint(in_folder({kTiptoe, verb, "--", "no-such-program-anywhere"}), 127);
    expect_complaint(in_folder({kTiptoe, verb, "--", folder_ / "text"}), 126);
    expect_complaint(in_folder({kTiptoe, verb, "--", folder_ / "foreign"}), 126);
    expect_complaint(in_folder({kTiptoe, verb, "--", folder_.path()}), 126);
  }
}

TEST_F(CommandTest, SaysWhenTheTraceCannotBeWritten) {
  expect_complaint(in_folder({kTiptoe, "record", "-o", folder_ / "no/such/trace", "--", "true"}),
                   125);
}

TEST_F(CommandTest, PassesTheStandardStreamsThrough) {
  const std::string pipeline = std::string("printf 'one\\ntwo\\n' | ") + kTiptoe +
                               " record -o trace -- sh -c 'cat; echo err >&2' | tr a-z A-Z";
  const Outcome outcome = in_folder({"bash", "-c", pipeline});
  EXPECT_EQ(outcome.out, "ONE\nTWO\n");
  EXPECT_TRUE(outcome.err.starts_with("err\n")) << outcome.err;
}

TEST_F(CommandTest, KeepsTheTracePrivateAndTheOlderOne) {
  ASSERT_EQ(in_folder({kTiptoe, "record", "--", program("path_loops")}).status, 0);
  ASSERT_EQ(in_folder({kTiptoe, "record", "--", program("path_recursion")}).status, 0);
  for (const char* name : {"tiptoe.trace", "tiptoe.trace.old"}) {
    struct stat facts {};
    ASSERT_EQ(stat((folder_ / name).c_str(), &facts), 0) << name;
    EXPECT_EQ(facts.st_mode & 0777, 0600u) << name;
  }
  EXPECT_NE(in_folder({kTiptoe, "report"}).out.find("fibonacci"), std::string::npos);
  EXPECT_EQ(in_folder({kTiptoe, "report", "tiptoe.trace.old"}).out.find("fibonacci"),
            std::string::npos);
}

TEST_F(CommandTest, FollowsChildrenUnlessToldNotTo) {
  ASSERT_EQ(record({program("path_fork")}).status, 0);
  EXPECT_EQ(info()["threads"].size(), 5u);
  ASSERT_EQ(
      in_folder({kTiptoe, "record", "--no-children", "-o", trace(), "--", program("path_fork")})
          .status,
      0);
  EXPECT_EQ(info()["threads"].size(), 1u);
}

// Each lives long enough for the recorder to hear of it: one that is gone by then has left no trace
// of its end with the kernel.
TEST_F(CommandTest, KnowsHowEachProcessEnded) {
  ASSERT_EQ(record({"bash", "-c",
                    "sh -c 'exit 3'; (sleep 0.5; kill -9 $BASHPID); (sleep 0.5; exit 4); exit 5"})
                .status,
            5);
  std::multiset<std::string> ends;
  for (const std::string& line : lines_of(in_folder({kTiptoe, "info", trace()}).out)) {
    const size_t comma = line.rfind(", ");
    if (line.starts_with("  process ")) ends.insert(line.substr(comma + 2));
  }
  if (!ends.contains("exit status 3") && !has_exit_info()) {
    GTEST_SKIP() << "the kernel tells a process' end only to its parent (before 6.15)";
  }
  EXPECT_EQ(ends.count("exit status 3"), 1u);
  EXPECT_EQ(ends.count("exit status 4"), 1u);
  EXPECT_EQ(ends.count("exit status 5"), 1u);
  EXPECT_EQ(ends.count("killed by signal 9 (Killed)"), 1u);
}

TEST_F(CommandTest, RecordsWhatOutlivesTheProgramIfToldToWait) {
  const Command daemon{"sh", "-c", "(sleep 2; exec " + program("path_loops") + ") & exit 8"};
  Command command{kTiptoe, "record", "--wait", "-o", trace(), "--"};
  command.insert(command.end(), daemon.begin(), daemon.end());
  const Outcome outcome = in_folder(command);
  EXPECT_EQ(outcome.status, 8);
  EXPECT_NE(outcome.err.find("is still recorded"), std::string::npos) << outcome.err;
  EXPECT_NE(in_folder({kTiptoe, "info", trace()}).out.find("path_loops"), std::string::npos);
  EXPECT_EQ(info()["complete"], true);
}

TEST_F(CommandTest, InterruptReachesTheProgramAndTheTraceIsComplete) {
  Child child({kTiptoe, "record", "-o", trace(), "--", "bash", "-c",
               "trap 'echo interrupted; exit 33' INT; echo ready; while :; do sleep 0.01; done"},
              folder_.path());
  child.read_output(6, std::chrono::seconds(20));
  kill(-child.pid(), SIGINT);  // what a terminal does
  const Outcome outcome = child.finish(std::chrono::seconds(30));
  EXPECT_EQ(outcome.status, 33) << outcome.err;
  EXPECT_EQ(outcome.out, "ready\ninterrupted\n");
  EXPECT_EQ(info()["complete"], true);
}

TEST_F(CommandTest, ReportAndCallsAgreeWithTheProgram) {
  ASSERT_EQ(record({program("path_recursion")}).status, 0);
  const Outcome report = run({kTiptoe, "report", "--json", trace()});
  ASSERT_EQ(report.status, 0) << report.err;
  for (const char* function : {"fibonacci", "ackermann", "is_even", "is_odd", "depth"}) {
    EXPECT_NE(report.out.find(function), std::string::npos) << function;
  }
  EXPECT_EQ(run({kTiptoe, "calls", trace()}).status, 0);
  const Outcome flame =
      run({kTiptoe, "export", trace(), "--to", "flame", "-o", folder_ / "flame.svg"});
  ASSERT_EQ(flame.status, 0) << flame.err;
  const std::string svg = read_file(folder_ / "flame.svg");
  EXPECT_NE(svg.find("<svg"), std::string::npos);
  EXPECT_NE(svg.find("fibonacci"), std::string::npos);
}

TEST_F(CommandTest, RefusesWhatIsNoTrace) {
  write_file(folder_ / "foreign", std::string(100000, 'x'));
  write_file(folder_ / "empty", "");
  for (const std::string& verb : kReadingVerbs) {
    SCOPED_TRACE(verb);
    for (const char* name : {"missing", "foreign", "empty"}) {
      const Outcome outcome = run({kTiptoe, verb, folder_ / name});
      EXPECT_EQ(lines_of(outcome.err).size(), 1u) << outcome.err;
      EXPECT_GT(outcome.status, 0);
      EXPECT_LT(outcome.status, 126);
    }
  }
}

TEST_F(CommandTest, ReadsATraceThatIsCutOrDamagedAnywhere) {
  ASSERT_EQ(record({program("path_recursion")}).status, 0);
  const std::string whole = read_file(trace());
  ASSERT_GT(whole.size(), 1000u);
  for (int i = 0; i < 24; ++i) {
    const size_t at = whole.size() * static_cast<size_t>(i) / 24 + static_cast<size_t>(i % 7);
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x5a);
    write_file(folder_ / "cut", whole.substr(0, at));
    write_file(folder_ / "damaged", damaged);
    for (const std::string& verb : kReadingVerbs) {
      for (const char* name : {"cut", "damaged"}) {
        const Outcome outcome = run({kTiptoe, verb, folder_ / name});
        EXPECT_TRUE(outcome.status >= 0 && outcome.status < 126)
            << verb << " of a trace " << name << " at " << at << ": " << outcome.status;
      }
    }
  }
}

}  // namespace
}  // namespace tiptoe::test
