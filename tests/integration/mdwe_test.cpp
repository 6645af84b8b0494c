// Programs that may not gain executable memory (PR_SET_MDWE is inherited): there is no place for
// translated code. They run untraced, and one line says so.
#include <gtest/gtest.h>

#include "integration/child.h"

namespace tiptoe::test {
namespace {

TEST(Mdwe, WhatMayNotGainExecutableMemoryRunsUntraced) {
  const Command command{TIPTOE_TEST_PROGRAMS "/mdwe_exec", "echo", "still", "here"};
  const Outcome native = run(command);
  if (native.status == 2) GTEST_SKIP() << "this kernel has no PR_SET_MDWE";
  Command traced{TIPTOE_COMMAND, "run", "--"};
  traced.insert(traced.end(), command.begin(), command.end());
  const Outcome outcome = run(traced);
  EXPECT_EQ(outcome.status, native.status);
  EXPECT_EQ(outcome.out, native.out);
  EXPECT_NE(outcome.err.find("runs untraced"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("PR_SET_MDWE"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace tiptoe::test
