// Addresses that share an entry of the lookup tables: the entry changes hands a few times, then the
// tables get another index.
#include <gtest/gtest.h>

#include "integration/child.h"

namespace tiptoe::test {
namespace {

size_t count(const std::string& text, const std::string& word) {
  size_t found = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

Outcome run_logged(const std::string& program) {
  return run({TIPTOE_COMMAND, "run", "--log", "1", "--", TIPTOE_TEST_PROGRAMS "/" + program});
}

TEST(SharedLowHalf, SaltsTheTablesOnce) {
  const Outcome outcome = run_logged("hazard_shared_low_half");
  EXPECT_EQ(outcome.out, run({TIPTOE_TEST_PROGRAMS "/hazard_shared_low_half"}).out);
  EXPECT_EQ(count(outcome.err, "the lookup tables are salted"), 1u);
}

TEST(SharedLowHalf, IsRare) {
  EXPECT_EQ(count(run_logged("hazard_return_addresses").err, "salted"), 0u);
}

}  // namespace
}  // namespace tiptoe::test
