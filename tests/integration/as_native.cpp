#include "integration/as_native.h"

#include <gtest/gtest.h>

namespace tiptoe::test {

Command tiptoe(const std::string& verb, const Command& options) {
  return joined(joined({TIPTOE_COMMAND, verb}, options), {"--"});
}

Command joined(Command front, const Command& back) {
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

void expect_as_native(const Outcome& native, const Outcome& traced) {
  ASSERT_GE(native.status, 0) << "the native run took too long; it wrote\n"
                              << native.out << native.err;
  ASSERT_GE(traced.status, 0) << "took too long; it wrote\n" << traced.out << traced.err;
  EXPECT_EQ(traced.status, native.status);
  EXPECT_EQ(traced.out, native.out);
  EXPECT_EQ(traced.err, native.err);
}

}  // namespace tiptoe::test
