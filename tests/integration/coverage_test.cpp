// Coverage: the instructions that a recording with --mode coverage has are those that a
// single-stepper saw natively, each once.
//
// timeout: 60
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "analysis/code_map.h"
#include "integration/paths.h"

namespace tiptoe::test {
namespace {

using Addresses = std::set<u64>;

Outcome record_coverage(const std::string& trace, const Command& program) {
  Command command{"setarch",  "-R", TIPTOE_COMMAND, "record", "--mode",
                  "coverage", "-o", trace,          "--"};
  command.insert(command.end(), program.begin(), program.end());
  return run(command);
}

Addresses stepped(const Command& program) {
  Addresses addresses;
  for (const Path& path : stepped_paths(program)) {
    for (const std::string& pc : path) addresses.insert(std::stoull(pc, nullptr, 16));
  }
  return addresses;
}

Addresses covered(const std::string& trace) {
  Addresses addresses;
  const auto reader = trace::Reader::open(trace);
  if (!reader) {
    ADD_FAILURE() << reader.error().message;
    return addresses;
  }
  EXPECT_TRUE(reader->integrity().ok());
  const trace::Program program = trace::Program::load(*reader);
  EXPECT_EQ(program.problems.problem_count, 0u);
  EXPECT_TRUE(program.session.mode == trace::RecordMode::kCoverage);
  for (const trace::Image& image : program.images) {
    for (const trace::Block& block : image.blocks) {
      for (const auto& instruction : analysis::decode_block(image, block)) {
        addresses.insert(instruction.pc);
      }
    }
  }
  return addresses;
}

std::vector<std::string> programs() {
  // What a block has behind an instruction that faulted counts as executed, also when the program's
  // handler goes on elsewhere; 32-bit code has no blocks (docs/EVENTS.md).
  const std::set<std::string> without = {"path_signal", "path_branch_to_nowhere",
                                         "path_return_to_nowhere", "path_compatibility_code"};
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(TIPTOE_TEST_PROGRAMS)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("path_") && !without.contains(name)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

class CoverageTest : public testing::TestWithParam<std::string> {};

TEST_P(CoverageTest, IsWhatTheStepperSaw) {
  const TemporaryFolder folder;
  const std::string program = std::string(TIPTOE_TEST_PROGRAMS "/") + GetParam();
  const Outcome outcome = record_coverage(folder / "trace", {program});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const Addresses native = stepped({program}), traced = covered(folder / "trace");
  for (const u64 pc : native) EXPECT_TRUE(traced.contains(pc)) << "missing " << std::hex << pc;
  for (const u64 pc : traced) EXPECT_TRUE(native.contains(pc)) << "too much " << std::hex << pc;
}

INSTANTIATE_TEST_SUITE_P(, CoverageTest, testing::ValuesIn(programs()),
                         [](const auto& info) { return info.param.substr(5); });

class CoverageOfAProgram : public testing::Test {
 protected:
  void SetUp() override {
    const Outcome outcome = record_coverage(trace_, {TIPTOE_TEST_PROGRAMS "/path_recursion"});
    ASSERT_EQ(outcome.status, 0);
    EXPECT_NE(outcome.err.find("coverage of 1 thread"), std::string::npos) << outcome.err;
  }
  Outcome tiptoe(Command arguments) const {
    arguments.insert(arguments.begin(), TIPTOE_COMMAND);
    arguments.push_back(trace_);
    return run(arguments);
  }
  TemporaryFolder folder_;
  const std::string trace_ = folder_ / "trace";
};

TEST_F(CoverageOfAProgram, IsReportedByFunction) {
  const auto json = nlohmann::json::parse(tiptoe({"report", "--json"}).out);
  EXPECT_EQ(json["executed"], covered(trace_).size());
  u64 sum = 0;
  for (const auto& function : json["functions"]) sum += function["executed"].get<u64>();
  EXPECT_EQ(json["executed"], sum);
  EXPECT_NE(tiptoe({"report"}).out.find("were executed"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(tiptoe({"info", "--json"}).out)["mode"], "coverage");
}

TEST_F(CoverageOfAProgram, HasNoOrderAndSaysSo) {
  for (const char* verb : {"path", "calls"}) {
    const Outcome outcome = tiptoe({verb});
    EXPECT_NE(outcome.status, 0) << verb;
    EXPECT_NE(outcome.err.find("recorded with --mode coverage"), std::string::npos) << outcome.err;
  }
  EXPECT_NE(tiptoe({"report", "--by", "thread"}).status, 0);
}

}  // namespace
}  // namespace tiptoe::test
