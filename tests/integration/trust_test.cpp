// The trust threshold: how often code on a writable page is compared before it is believed.
#include <gtest/gtest.h>

#include "integration/child.h"

namespace tiptoe::test {
namespace {

std::string output_with_threshold(const char* threshold) {
  const Outcome outcome = run({TIPTOE_COMMAND, "run", "--trust-threshold", threshold, "--",
                               TIPTOE_TEST_PROGRAMS "/trust_late_patch"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return outcome.out;
}

TEST(TrustThreshold, NeverTrustedCodeIsSeenToChange) {
  EXPECT_EQ(run({TIPTOE_TEST_PROGRAMS "/trust_late_patch"}).out, "100 2\n");
  EXPECT_EQ(output_with_threshold("-1"), "100 2\n");
}

TEST(TrustThreshold, CodeThatHasNotMatchedOftenEnoughIsSeenToChange) {
  EXPECT_EQ(output_with_threshold("101"), "100 2\n");
}

// What a low threshold is said to miss it does miss: the check is really gone.
TEST(TrustThreshold, TrustedCodeIsNotComparedAnyMore) {
  EXPECT_EQ(output_with_threshold("50"), "100 1\n");
  EXPECT_EQ(output_with_threshold("0"), "100 1\n");
}

}  // namespace
}  // namespace tiptoe::test
