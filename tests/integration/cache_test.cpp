// hazard: 5.7
// A bounded code cache: programs that run, or make, far more code than it holds. (hazard_much_code
// does so with threads.)
#include <gtest/gtest.h>

#include "integration/child.h"

namespace tiptoe::test {
namespace {

const std::string kChurn = TIPTOE_TEST_PROGRAMS "/cache_churn";

Outcome churn(const std::string& cache_size, const std::string& rounds) {
  return run({TIPTOE_COMMAND, "run", "--cache-size", cache_size, "--", kChurn, rounds, "resident"});
}

// A round makes some 2 MiB of translated code and of records about it.
TEST(Cache, MemoryDoesNotGrowWithTheCodeThatComesAndGoes) {
  const Outcome few = churn("1M", "10"), many = churn("1M", "60");
  EXPECT_EQ(few.out, run({kChurn, "10"}).out);
  EXPECT_EQ(many.out, run({kChurn, "60"}).out);
  EXPECT_LT(std::stol(many.err) - std::stol(few.err), 4 << 10);
}

// The same with a cache that holds it all: what the test above measures is there to be measured.
TEST(Cache, WithoutAReasonToEvictNothingIsEvicted) {
  const Outcome few = churn("256M", "10"), many = churn("256M", "60");
  EXPECT_GT(std::stol(many.err) - std::stol(few.err), 40 << 10);
}

TEST(Cache, ASizeThatIsTooSmallIsRefused) {
  const Outcome outcome = churn("100K", "1");
  EXPECT_EQ(outcome.status, 125);
  EXPECT_NE(outcome.err.find("512K"), std::string::npos) << outcome.err;
}

std::string recorded_path(const std::string& cache_size) {
  TemporaryFolder folder;
  const std::string trace = folder / "trace";
  const Outcome recorded = run({"setarch", "-R", TIPTOE_COMMAND, "record", "--cache-size",
                                cache_size, "-o", trace, "--", kChurn, "2"});
  EXPECT_EQ(recorded.status, 0) << recorded.err;
  return run({TIPTOE_COMMAND, "path", "--raw", trace}).out;
}

// What is translated again is defined again: the trace tells the same path.
TEST(Cache, ARecordingWithASmallCacheTellsTheSamePath) {
  const std::string path = recorded_path("256M");
  EXPECT_GT(path.size(), 100'000u);
  EXPECT_TRUE(recorded_path("512K") == path);  // too long to be printed
}

}  // namespace
}  // namespace tiptoe::test
