// Job control by an interactive shell on a terminal: ^C, ^Z, bg, fg, jobs, kill, wait, a background
// job that reads. The whole shell is traced, or its jobs are, each by a tiptoe of its own that is
// stopped and continued with what it traces. What the terminal shows is what it shows natively.
//
// hazard: 6.23
// timeout: 200
#include <gtest/gtest.h>

#include <regex>

#include "integration/as_native.h"
#include "integration/terminal.h"

namespace tiptoe::test {
namespace {

constexpr std::chrono::seconds kLimit(20);
constexpr char kPrompt[] = "ready> ";
constexpr char kStop[] = "\x1a", kInterrupt[] = "\x03", kEnd[] = "\x04";

struct Line {
  std::string typed;
  std::string then;  // what shows that the next may be typed
};

// $T is what traces a job. Its pipes and lists are bash's own.
const std::vector<Line> kSession{
    {"echo $((6 * 7))\n", "42"},
    {"", kPrompt},
    {"$T sh -c 'echo up; read line; echo got $line; exit 3'\n", "up\r\n"},
    {kStop, "Stopped"},
    {"", kPrompt},
    {"jobs\n", "Stopped"},
    {"", kPrompt},
    {"fg\n", "exit 3'\r\n"},
    {"words\n", "got words"},
    {"", kPrompt},
    {"echo $?\n", "3\r\n"},
    {"", kPrompt},
    // In the background, reading stops it.
    {"$T sh -c 'read line; echo got $line' & while ! jobs %1 | grep -q Stopped; do sleep .05; "
     "done; jobs -s\n",
     "Stopped"},
    {"", kPrompt},
    {"fg\n", "$line'\r\n"},
    {"more\n", "got more"},
    {"", kPrompt},
    // ^C ends a job, also one that has been stopped and continued in the background.
    {"$T sh job\n", "up\r\n"},
    {kStop, "Stopped"},
    {"", kPrompt},
    {"bg\n", "&\r\n"},
    {"", kPrompt},
    {"while ! [ -e behind ]; do sleep .05; done; jobs -r\n", "Running"},
    {"", kPrompt},
    {"fg\n", "in front again\r\n"},
    {kInterrupt, "^C"},
    {"", kPrompt},
    {"echo $?\n", "130\r\n"},
    {"", kPrompt},
    {"$T sleep 100 & kill -STOP %1; while ! jobs %1 | grep -q Stopped; do sleep .05; done; "
     "kill -CONT %1; kill %1; wait %1; echo status $?\n",
     "status 143"},
    {"", kPrompt},
    // A pipeline is stopped and continued as one.
    {"$T sh -c 'echo up >&2; read line; echo $line' | $T cat\n", "up\r\n"},
    {kStop, "Stopped"},
    {"", kPrompt},
    {"fg\n", "cat\r\n"},
    {"through\n", "through\r\n"},
    {"", kPrompt},
    {kEnd, "exit"},
};

// A job that says when it has been in the background and is in front again.
constexpr char kJob[] =
    "in_front() { [ $(ps -o tpgid= -p $$) = $(ps -o pgid= -p $$) ]; }\n"
    "echo up\n"
    "while in_front; do sleep .05; done\n"
    "touch behind\n"
    "while ! in_front; do sleep .05; done\n"
    "echo in front again\n"
    "read line\n";

struct Shown {
  std::string text;
  int status = -1;
};

// Without process numbers, and without the lines that recordings end with. (The two of a pipeline
// have one name for their files, so the second one renames the first one's.)
std::string comparable(const std::string& text) {
  const std::string unnumbered =
      std::regex_replace(text, std::regex("\\[(\\d+)\\] \\d+"), "[$1] PID");
  return std::regex_replace(
      unnumbered, std::regex("tiptoe: [^\\n]*(of control flow|was removed or renamed)[^\\n]*\\n"),
      "");
}

Shown play(const Command& before, const std::string& job_prefix) {
  TemporaryFolder folder;
  write_file(folder / "job", kJob);
  const Command shell{"env",       "PS1=" + std::string(kPrompt),
                      "TERM=dumb", "T=" + job_prefix,
                      "HISTFILE=", "bash",
                      "--norc",    "--noprofile",
                      "-i"};
  // env is not what is traced.
  Command command(shell.begin(), shell.begin() + 5);
  command.insert(command.end(), before.begin(), before.end());
  command.insert(command.end(), shell.begin() + 5, shell.end());
  Terminal terminal(command, folder.path());
  Shown shown;
  if (!terminal.wait_for(kPrompt, kLimit)) {
    ADD_FAILURE() << "no prompt: " << terminal.shown();
    return shown;
  }
  for (const Line& line : kSession) {
    if (!line.typed.empty()) terminal.type(line.typed);
    if (terminal.wait_for(line.then, kLimit)) continue;
    ADD_FAILURE() << "behind \"" << line.typed << "\" there never was \"" << line.then << "\" in\n"
                  << terminal.shown();
    return shown;
  }
  shown.text = comparable(terminal.seen());
  shown.status = terminal.finish(kLimit);
  return shown;
}

struct Way {
  const char* name;
  Command before;          // in front of the shell
  std::string job_prefix;  // in front of each job
};

class JobControlTest : public testing::TestWithParam<Way> {};

TEST_P(JobControlTest, ShowsWhatItShowsNatively) {
  static const Shown native = play({}, "");
  if (HasFailure()) return;
  ASSERT_EQ(native.status, 0) << native.text;
  const Shown traced = play(GetParam().before, GetParam().job_prefix);
  EXPECT_EQ(traced.text, native.text);
  EXPECT_EQ(traced.status, native.status);
}

INSTANTIATE_TEST_SUITE_P(, JobControlTest,
                         testing::Values(Way{"native_again", {}, ""},
                                         Way{"shell_run", tiptoe("run"), ""},
                                         Way{"shell_record", tiptoe("record", {"-o", "trace"}), ""},
                                         Way{"jobs_run", {}, TIPTOE_COMMAND " run --"},
                                         Way{"jobs_record", {}, TIPTOE_COMMAND " record --"}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace tiptoe::test
