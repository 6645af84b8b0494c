// The line that a recording ends with.
#include "record/summary.h"

#include <gtest/gtest.h>

namespace tiptoe::record {
namespace {

TEST(Summary, counts_are_readable) {
  EXPECT_EQ(summary_line({1234567, 2, 1, 1530000, 0, "a.trace"}),
            "1.2 MB of control flow, 2 threads, 1 process, 1.5 MB in a.trace");
}
TEST(Summary, one_thread) {
  EXPECT_EQ(summary_line({4, 1, 2, 999, 0, "f"}),
            "4 bytes of control flow, 1 thread, 2 processes, 999 bytes in f");
}
TEST(Summary, losses_are_told) {
  EXPECT_EQ(summary_line({100, 1, 1, 1000, 1000, "f"}),
            "100 bytes of control flow, 1 thread, 1 process, 1.0 kB in f; 1,000 records dropped");
}

}  // namespace
}  // namespace tiptoe::record
