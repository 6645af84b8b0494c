// The master test: interrupted at every instruction of emitted code, the program is, by the
// engine's own account, where it is natively, with the same registers (docs/MASTER_TEST.md).
//
// Every program tests/programs/master_* and path_* takes part, in every mode of the engine that
// emits other code. TIPTOE_FULL=1 injects signals at every stop. No program of a libc: their start
// alone is millions of stops, and threads meet at its locks in another order each time.
//
// timeout: 120
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "integration/child.h"

namespace tiptoe::test {
namespace {

struct Mode {
  std::string name;
  Command stepper;  // its own options
  Command tiptoe;   // the verb and its options
  bool records = false;
};

const Mode kRun{"run", {}, {"run"}};
const Mode kRecord{"record", {}, {"record"}, true};
// A chunk of events ends every few words.
const Mode kNarrowChunks{"narrow_chunks", {"--chunk-words=3"}, {"record"}, true};
// Children execute the code that records, and what it records goes nowhere.
const Mode kSilentChildren{"silent_children", {}, {"record", "--no-children"}, true};
// Compared at once, and no more after two matches.
const Mode kTrustSoon{"trust_soon", {}, {"run", "--trust-threshold", "2"}};
const Mode kTrustAtOnce{"trust_at_once", {}, {"run", "--trust-threshold", "0"}};

// What is run again has been thrown away in between.
const Mode kSmallCache{"small_cache", {}, {"run", "--cache-size", "512K"}};
const Mode kSmallCacheRecord{"small_cache_record", {}, {"record", "--cache-size", "512K"}, true};

constexpr char kEvicted[] = "master_evicted";  // the one that is larger than the smallest cache

struct Case {
  std::string program;
  Mode mode;
};

// For GoogleTest's messages.
void PrintTo(const Mode& mode, std::ostream* out) {
  *out << mode.name;
}
void PrintTo(const Case& it, std::ostream* out) {
  *out << it.program << " in mode " << it.mode.name;
}

std::vector<std::string> programs() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(TIPTOE_TEST_PROGRAMS)) {
    const std::string name = entry.path().filename().string();
    // At an execve the warden must be the tracer, which the stepper is already.
    if (name == "path_exec") continue;
    if (name == kEvicted) continue;  // in the modes that it is for
    // In 32-bit code the engine lives on the traps that the stepper takes for its own.
    if (name == "path_compatibility_code") continue;
    if (name.starts_with("path_") || name.starts_with("master_")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::string& program : programs()) {
    for (const Mode& mode : {kRun, kRecord, kNarrowChunks}) all.push_back({program, mode});
  }
  all.push_back({"path_fork", kSilentChildren});
  for (const char* writable : {"path_mapped_code", "path_self_modifying_other",
                               "path_self_modifying_same", "master_near", "master_far"}) {
    all.push_back({writable, kTrustSoon});
  }
  for (const char* unchanged : {"master_near", "master_far"}) {
    all.push_back({unchanged, kTrustAtOnce});
  }
  for (const Mode& mode : {kSmallCache, kSmallCacheRecord}) all.push_back({kEvicted, mode});
  if (std::getenv("TIPTOE_FULL") != nullptr) {
    for (const Mode& mode : {kRun, kRecord}) all.push_back({kEvicted, mode});
  }
  return all;
}

Outcome step(const Case& it, const Command& extra = {}) {
  TemporaryFolder folder;
  Command command{TIPTOE_TEST_TOOLS "/master_stepper"};
  const auto append = [&command](const Command& words) {
    command.insert(command.end(), words.begin(), words.end());
  };
  append(it.mode.stepper);
  append(extra);
  append(it.mode.tiptoe);
  if (it.mode.records) append({"-o", folder / "trace"});
  append({"--", TIPTOE_TEST_PROGRAMS "/" + it.program});
  const bool full = std::getenv("TIPTOE_FULL") != nullptr;
  return run(command, folder.path(), std::chrono::seconds(full ? 900 : 100));
}

class MasterTest : public testing::TestWithParam<Case> {};

TEST_P(MasterTest, IsNativeAtEveryInstruction) {
  const Outcome outcome = step(GetParam());
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
}

// Or the small cache would show nothing.
TEST(MasterEvictionTest, ASmallCacheTranslatesAgain) {
  const auto blocks = [](const char* cache_size) {
    const Outcome outcome = run({TIPTOE_COMMAND, "run", "--cache-size", cache_size, "--log", "2",
                                 "--", std::string(TIPTOE_TEST_PROGRAMS "/") + kEvicted});
    size_t count = 0;
    for (const std::string& line : lines_of(outcome.err)) count += line.find("block") != line.npos;
    return count;
  };
  EXPECT_GT(blocks("512K"), blocks("64M") + 1000);
}

// A signal at an instruction of emitted code or of the gate: its handler sees the native state of
// that place. The gap leaves room for a system call, which a signal on its way puts off. The long
// form begins at every stop.
class MasterSignalTest : public testing::TestWithParam<Mode> {};

TEST_P(MasterSignalTest, SeesTheNativeState) {
  constexpr int kGap = 211;
  const int step_width = std::getenv("TIPTOE_FULL") != nullptr ? 1 : 23;
  for (int first = 0; first < kGap; first += step_width) {
    const std::string inject = "--inject=" + std::to_string(first) + "," + std::to_string(kGap);
    const Outcome outcome = step({"master_signals", GetParam()}, {inject});
    ASSERT_EQ(outcome.status, 0) << inject << "\n" << outcome.out << outcome.err;
  }
}

INSTANTIATE_TEST_SUITE_P(, MasterSignalTest, testing::Values(kRun, kRecord),
                         [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(, MasterTest, testing::ValuesIn(cases()), [](const auto& info) {
  return info.param.program + "_" + info.param.mode.name;
});

}  // namespace
}  // namespace tiptoe::test
