// A debugger from outside attaches to a traced program, again and again, and to a child of it; it
// sees all threads. The program goes on to the end that it has natively.
// hazard: 3.13
#include <gtest/gtest.h>

#include "integration/as_native.h"

namespace tiptoe::test {
namespace {

constexpr std::chrono::seconds kLimit(60);
constexpr int kRounds = 3;

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

void attach_gdb(const std::string& pid, size_t threads) {
  SCOPED_TRACE(pid);
  const Outcome gdb = run({"gdb", "--batch", "-nx", "-ex", "set debuginfod enabled off", "-p", pid,
                           "-ex", "info threads", "-ex", "detach"},
                          "", kLimit);
  EXPECT_EQ(gdb.status, 0) << gdb.err;
  EXPECT_EQ(count(gdb.out, "\"attach_target\""), threads) << gdb.out << gdb.err;
  EXPECT_NE(gdb.out.find("detached]"), std::string::npos) << gdb.out << gdb.err;
}

class Target {
 public:
  explicit Target(const Command& prefix)
      : program_(joined(prefix, {TIPTOE_TEST_PROGRAMS "/attach_target"}), folder_.path()) {
    program_.read_output(sizeof "ready", kLimit);
  }
  std::vector<std::string> pids() const { return lines_of(read_file(folder_ / "pids")); }
  Outcome end() {
    write_file(folder_ / "end", "");
    Outcome outcome = program_.finish(kLimit);
    outcome.err = without_summary(outcome.err);
    return outcome;
  }

 private:
  TemporaryFolder folder_;
  Child program_;
};

TEST(AttachTest, GdbAttachesToATracedProgramAndLetsItGo) {
  const Outcome native = Target({}).end();
  ASSERT_EQ(native.out, "ready\nwrong: 0, child: 8\n");
  for (const Command& prefix : {Command{}, tiptoe("run"), tiptoe("record", {"-o", "trace"})}) {
    SCOPED_TRACE(testing::PrintToString(prefix));
    Target target(prefix);
    ASSERT_EQ(target.pids().size(), 2u);
    for (int round = 0; round < kRounds; ++round) {
      attach_gdb(target.pids()[0], 4);
      attach_gdb(target.pids()[1], 1);
    }
    expect_as_native(native, target.end());
  }
}

}  // namespace
}  // namespace tiptoe::test
