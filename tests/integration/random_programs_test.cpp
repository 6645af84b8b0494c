// Random C programs (tools/random_program) do under the engine what they do natively, however they
// were compiled; and what a trace says they executed is what a single-stepper saw, where they are
// static and have no threads.
//
// TIPTOE_RANDOM_SEED=N begins with seed N (1), TIPTOE_RANDOM_COUNT=N takes so many. TIPTOE_FULL=1
// takes 300. By hand: build/tests/tools/random_program SEED.
//
// timeout: 300
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "integration/as_native.h"
#include "integration/paths.h"

namespace tiptoe::test {
namespace {

constexpr unsigned kPrograms = 8, kProgramsInFull = 300;
constexpr uint64_t kLongestPath = 400'000;  // which takes seconds to step

unsigned number_from_environment(const char* name, unsigned otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? static_cast<unsigned>(std::atoi(value)) : otherwise;
}

std::string note_of(const std::string& text, const std::string& key) {
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with("// " + key + ": ")) return line.substr(key.size() + 5);
  }
  return "";
}

class RandomProgram {
 public:
  explicit RandomProgram(unsigned seed) : seed_(seed) {
    text_ = run({TIPTOE_TEST_TOOLS "/random_program", std::to_string(seed)}).out;
    write_file(folder_ / "program.c", text_);
  }

  std::string flags() const { return note_of(text_, "build"); }
  bool has_exact_path() const {
    return note_of(text_, "path") == "exact" && flags().find("-static") != std::string::npos;
  }

  bool build() const {
    Command compile{"gcc"};
    std::istringstream words(flags());
    for (std::string word; words >> word;) compile.push_back(word);
    compile.insert(compile.end(), {folder_ / "program.c", "-o", program()});
    const Outcome outcome = run(compile);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome.status == 0;
  }

  void compare() const {
    const Outcome native = run_with({});
    {
      SCOPED_TRACE("natively once more: if this differs, the generator makes what C leaves open");
      expect_as_native(native, run_with({"setarch", "-R"}));
      if (testing::Test::HasFailure()) return;
    }
    for (const Command& prefix : prefixes()) {
      SCOPED_TRACE(testing::PrintToString(prefix));
      expect_as_native(native, run_with(prefix));
      if (testing::Test::HasFailure()) return;
    }
    if (has_exact_path()) compare_path(native.status);
  }

 private:
  std::string program() const { return folder_ / "program"; }

  Outcome run_with(const Command& prefix) const {
    Outcome outcome = run(joined(prefix, {program()}), folder_.path());
    outcome.err = without_summary(outcome.err);
    return outcome;
  }

  // Two that all programs get, and one of the others.
  std::vector<Command> prefixes() const {
    const std::vector<Command> others{
        tiptoe("run", {"--cache-size", "512K"}),
        tiptoe("record", {"-o", "trace", "--cache-size", "512K"}),
        tiptoe("run", {"--trust-threshold", "0"}),
        tiptoe("record", {"-o", "trace", "--trust-threshold", "2"}),
        joined({TIPTOE_TEST_TOOLS "/ticker"}, tiptoe("run")),
        joined({TIPTOE_TEST_TOOLS "/ticker"}, tiptoe("record", {"-o", "trace"})),
    };
    return {tiptoe("run"), tiptoe("record", {"-o", "trace"}), others[seed_ % others.size()]};
  }

  void compare_path(int status) const {
    const Outcome outcome = record(folder_ / "trace", {program()});
    ASSERT_EQ(outcome.status, status) << outcome.err;
    if (instructions_in(folder_ / "trace") > kLongestPath) return;
    const auto parted =
        difference(stepped_paths({program()}, status), traced_paths(folder_ / "trace"));
    EXPECT_FALSE(parted) << *parted;
  }

  static uint64_t instructions_in(const std::string& trace) {
    const Outcome info = run({TIPTOE_COMMAND, "info", "--json", trace});
    EXPECT_EQ(info.status, 0) << info.err;
    return nlohmann::json::parse(info.out)["counts"]["instructions"];
  }

  unsigned seed_;
  std::string text_;
  TemporaryFolder folder_;
};

TEST(RandomProgramsTest, DoWhatTheyDoNatively) {
  const bool full = std::getenv("TIPTOE_FULL") != nullptr;
  const unsigned first = number_from_environment("TIPTOE_RANDOM_SEED", 1);
  const unsigned count =
      number_from_environment("TIPTOE_RANDOM_COUNT", full ? kProgramsInFull : kPrograms);
  for (unsigned seed = first; seed < first + count && !HasFailure(); ++seed) {
    const RandomProgram program(seed);
    SCOPED_TRACE("TIPTOE_RANDOM_SEED=" + std::to_string(seed) + ", built with " + program.flags());
    if (program.build()) program.compare();
  }
}

}  // namespace
}  // namespace tiptoe::test
