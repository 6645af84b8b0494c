// Hazards: programs that each do one thing that is hard for a tracer (tests/programs/hazard_*,
// found by name; tests/programs/README.md). In every mode of the matrix below their standard
// output, standard error and exit status are what they are natively.
//
// A program's first comment lines may have notes for this driver:
//
//   // run: setarch -R %            How to run it; % is the program. Words are separated by blanks.
//                                   Several lines are several runs. Without any: `%`.
//   // modes: no-ticks (REASON)     Modes that it does not stand. no-ticks: interrupted all the
//   time,
//                                   its native output changes too. no-trust: code is changed after
//                                   it was believed, which thresholds from 0 up do not see, by
//                                   design. heavy: the matrix only in the long form (TIPTOE_FULL),
//                                   because a run takes long.
//   // untraced: REASON             It has a process that runs untraced, which tiptoe says.
//
// timeout: 300
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <regex>
#include <sstream>

#include "integration/as_native.h"

namespace tiptoe::test {
namespace {

constexpr std::chrono::seconds kLimit(45);

const std::vector<std::string> kPrograms{
#include "hazard_programs.inc"
};

const Command kTicker{TIPTOE_TEST_TOOLS "/ticker"};

std::string without_ending(const std::string& file) {
  return file.substr(0, file.rfind('.'));
}

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// What a program's first comment lines say to the driver.
struct Notes {
  std::vector<Command> runs;
  std::map<std::string, std::string> modes;  // mode, reason
  bool has_untraced = false;

  explicit Notes(const std::string& file) {
    const std::string program = TIPTOE_TEST_PROGRAMS "/" + without_ending(file);
    for (const std::string& line : lines_of(read_file(TIPTOE_TEST_DATA "/programs/" + file))) {
      if (!line.starts_with("//") && !line.starts_with("#")) break;
      const std::string note = line.substr(line.find_first_not_of("/# "));
      if (note.starts_with("run: ")) runs.push_back(run_of(note.substr(5), program));
      if (note.starts_with("modes: ")) add_modes(note.substr(7));
      if (note.starts_with("untraced: ")) has_untraced = true;
    }
    if (runs.empty()) runs.push_back({program});
  }

 private:
  static Command run_of(const std::string& text, const std::string& program) {
    Command command = words_of(text);
    for (std::string& word : command) {
      if (word == "%") word = program;
    }
    return command;
  }

  // `no-ticks (REASON) no-trust (REASON)`, or several modes with one reason.
  void add_modes(const std::string& text) {
    const size_t reason = text.find('(');
    for (const std::string& mode : words_of(text.substr(0, reason))) {
      modes[mode] = reason == std::string::npos ? "" : text.substr(reason);
    }
  }
};

struct Mode {
  std::string name;
  Command prefix;
  bool ticks = false;
  std::string forbidden_by;  // the note of a program that does not stand it
};

const std::vector<Mode>& matrix() {
  static const std::vector<Mode> modes{
      {"run, never trusting", tiptoe("run", {"--trust-threshold", "-1"}), false, ""},
      {"run, trusting at once", tiptoe("run", {"--trust-threshold", "0"}), false, "no-trust"},
      {"record, trusting after 3", tiptoe("record", {"-o", "trace", "--trust-threshold", "3"}),
       false, "no-trust"},
      {"run, in a small cache", tiptoe("run", {"--cache-size", "1M"}), false, ""},
      {"record, in a small cache", tiptoe("record", {"-o", "trace", "--cache-size", "1M"}), false,
       ""},
      {"run, ticked", tiptoe("run"), true, "no-ticks"},
      {"record, ticked", tiptoe("record", {"-o", "trace"}), true, "no-ticks"},
  };
  return modes;
}

class HazardTest : public testing::TestWithParam<std::string> {
 protected:
  const Notes notes_{GetParam()};

  bool stands(const std::string& forbidden_by) const { return !notes_.modes.count(forbidden_by); }

  // In a folder that goes away, in case a death leaves a core.
  Outcome run_in(const TemporaryFolder& folder, const Command& command) const {
    Outcome outcome = test::run(command, folder.path(), kLimit);
    outcome.err = without_summary(outcome.err);
    if (notes_.has_untraced) {
      static const std::regex said("tiptoe: process \\d+ runs untraced from [^\n]*\n");
      outcome.err = std::regex_replace(outcome.err, said, "");
    }
    return outcome;
  }
  Outcome run_alone(const Command& command) const { return run_in(TemporaryFolder(), command); }

  void expect_recorded(const Outcome& native, const Command& command) const {
    SCOPED_TRACE("record");
    TemporaryFolder folder;
    expect_as_native(native, run_in(folder, joined(tiptoe("record", {"-o", "trace"}), command)));
    EXPECT_EQ(run_in(folder, {TIPTOE_COMMAND, "info", "trace"}).status, 0);
  }

  void expect_in_matrix(const Outcome& native, const Command& command) const {
    if (stands("no-ticks")) {
      SCOPED_TRACE("native, ticked: if this differs, it needs the note `modes: no-ticks (REASON)`");
      expect_as_native(native, run_alone(joined(kTicker, command)));
    }
    for (const Mode& mode : matrix()) {
      if (!stands(mode.forbidden_by)) continue;
      if (HasFatalFailure()) return;  // what hangs in one mode may hang in all
      SCOPED_TRACE(mode.name);
      const Command traced = joined(mode.prefix, command);
      expect_as_native(native, run_alone(mode.ticks ? joined(kTicker, traced) : traced));
    }
  }
};

TEST_P(HazardTest, IsAsNative) {
  for (const auto& [mode, reason] : notes_.modes) {
    EXPECT_TRUE(mode == "no-ticks" || mode == "no-trust" || mode == "heavy") << mode;
    EXPECT_NE(reason, "") << "the note about " << mode << " gives no reason in brackets";
  }
  for (const Command& command : notes_.runs) {
    SCOPED_TRACE(testing::PrintToString(command));
    const Outcome native = run_alone(command);
    ASSERT_NE(native.status, 127) << "there is no such program";
    {
      SCOPED_TRACE("native once more: if this differs, the program is not deterministic");
      ASSERT_NO_FATAL_FAILURE(expect_as_native(native, run_alone(command)));
    }
    {
      SCOPED_TRACE("run");
      ASSERT_NO_FATAL_FAILURE(expect_as_native(native, run_alone(joined(tiptoe("run"), command))));
    }
    ASSERT_NO_FATAL_FAILURE(expect_recorded(native, command));
    if (stands("heavy") || std::getenv("TIPTOE_FULL")) {
      ASSERT_NO_FATAL_FAILURE(expect_in_matrix(native, command));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, HazardTest, testing::ValuesIn(kPrograms), [](const auto& info) {
  return without_ending(info.param).substr(sizeof "hazard_" - 1);
});

// With so little address space that a tracer cannot reserve what it likes.
class AddressSpaceTest : public testing::TestWithParam<int> {
 protected:
  static void expect_runs_as_native(const Command& command) {
    const Command limit{"prlimit", "--as=" + std::to_string(int64_t{GetParam()} << 20)};
    const Outcome native = run(joined(limit, command));
    expect_as_native(native, run(joined(tiptoe("run"), joined(limit, command))));
    TemporaryFolder folder;
    Outcome traced =
        run(joined(tiptoe("record", {"-o", folder / "trace"}), joined(limit, command)));
    traced.err = without_summary(traced.err);
    expect_as_native(native, traced);
  }
};

TEST_P(AddressSpaceTest, RunsTrue) {
  expect_runs_as_native({"/bin/true"});
}

TEST_P(AddressSpaceTest, RunsPerl) {
  expect_runs_as_native(
      {"perl", "-e",
       "my %h = map { $_ => $_ ** 2 } 1 .. 9999; my $n = 'x' x (1 << 20); "
       "print length($n) + $h{77}, qq(\\n); exit(fork ? (wait, $? >> 8)[1] : 6)"});
}

INSTANTIATE_TEST_SUITE_P(InMiB, AddressSpaceTest,
                         testing::Values(48, 64, 96, 256, 512, 1024, 3072, 6144));

// The ticker itself: without it the program below waits until its alarm.
TEST(TickerTest, TicksEveryThreadOfEveryProcess) {
  const Command program{TIPTOE_TEST_PROGRAMS "/ticked_everywhere"};
  for (const Command& prefix : {Command{}, tiptoe("run")}) {
    const Outcome ticked = run(joined(kTicker, joined(prefix, program)));
    EXPECT_EQ(ticked.out, "a handler\nchild 7\n");
    EXPECT_EQ(ticked.status, 0);
  }
  const Outcome alone = run(program);
  EXPECT_EQ(alone.out, "no handler\n");
  EXPECT_EQ(alone.status, 128 + SIGALRM);
}

}  // namespace
}  // namespace tiptoe::test
