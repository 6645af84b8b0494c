// Hazards: programs that each do one thing that is hard for a tracer (tests/programs/hazard_*,
// whose first lines say what). Under `tiptoe run` and under `tiptoe record` their standard output,
// their standard error and their exit status are what they are natively.
//
// timeout: 100
#include <gtest/gtest.h>

#include "integration/child.h"

namespace tiptoe::test {
namespace {

struct Hazard {
  std::string name;
  Command command;
};

// For GoogleTest's messages.
void PrintTo(const Hazard& hazard, std::ostream* out) {
  for (const std::string& word : hazard.command) *out << word << ' ';
}

std::string program(const std::string& name) {
  return TIPTOE_TEST_PROGRAMS "/hazard_" + name;
}

// Where addresses are not random, the heap begins right behind the program, and mappings stand side
// by side.
Hazard with_fixed_addresses(const std::string& name) {
  return {name + "_at_fixed_addresses", {"setarch", "-R", program(name)}};
}

// With so little address space that a tracer cannot reserve what it likes.
Hazard with_address_space(int mebibytes, const std::string& name, Command command) {
  const std::string limit = "--as=" + std::to_string(int64_t{mebibytes} << 20);
  command.insert(command.begin(), {"prlimit", limit});
  return {name + "_in_" + std::to_string(mebibytes) + "_MiB", command};
}

std::vector<Hazard> hazards() {
  std::vector<Hazard> all;
  for (const char* name : {"alignment_calls",
                           "alignment_fault",
                           "alignment_flag",
                           "alignment_signal",
                           "alternate_overflow",
                           "autodisarm",
                           "blocked_raise",
                           "blocked_segv",
                           "brk",
                           "children_end",
                           "clear_sighand",
                           "context_switches",
                           "deaths",
                           "exceptions",
                           "exec_from_thread",
                           "exit_storm",
                           "fault_address",
                           "fault_jumped",
                           "fault_skipped",
                           "flags_at_indirect_jump",
                           "float_state",
                           "fork_locked",
                           "fork_storm",
                           "growsdown_exec",
                           "handler_flags",
                           "handler_toggled",
                           "high_code",
                           "ignored_segv",
                           "interrupted_sleep",
                           "main_thread_leaves",
                           "many_threads",
                           "queue_order",
                           "read_implies_exec",
                           "ret_imm",
                           "segment_bases",
                           "shared_remap",
                           "spawn_many",
                           "stack_overflow",
                           "stopped_child",
                           "thread_faults",
                           "tick_storm",
                           "vfork_missing"}) {
    all.push_back({name, {program(name)}});
  }
  for (const char* name : {"brk", "growsdown_exec", "high_code", "shared_remap", "many_threads"}) {
    all.push_back(with_fixed_addresses(name));
  }
  for (const int mebibytes : {512, 1024, 3072, 6144}) {
    all.push_back(with_address_space(mebibytes, "true", {"/bin/true"}));
    all.push_back(with_address_space(
        mebibytes, "perl",
        {"perl", "-e",
         "my %h = map { $_ => $_ ** 2 } 1 .. 9999; my $n = 'x' x (1 << 20); "
         "print length($n) + $h{77}, qq(\\n); exit(fork ? (wait, $? >> 8)[1] : 6)"}));
  }
  return all;
}

class HazardsTest : public testing::TestWithParam<Hazard> {
 protected:
  // In a folder that goes away, in case a death leaves a core.
  static Outcome run_with(Command prefix) {
    TemporaryFolder folder;
    const Command& command = GetParam().command;
    prefix.insert(prefix.end(), command.begin(), command.end());
    return run(prefix, folder.path(), std::chrono::seconds(45));
  }

  static void expect_as_native(const Outcome& native, const Outcome& traced) {
    ASSERT_GE(native.status, 0) << "the native run took too long";
    ASSERT_NE(native.status, 127) << "there is no such program";
    EXPECT_EQ(traced.status, native.status);
    EXPECT_EQ(traced.out, native.out);
    EXPECT_EQ(traced.err, native.err);
  }
};

TEST_P(HazardsTest, RunsAsNative) {
  const Outcome native = run_with({});
  expect_as_native(native, run_with({TIPTOE_COMMAND, "run", "--"}));
}

TEST_P(HazardsTest, RecordsAsNative) {
  TemporaryFolder folder;
  const Outcome native = run_with({});
  Outcome traced = run_with({TIPTOE_COMMAND, "record", "-o", folder / "trace", "--"});
  traced.err = without_summary(traced.err);
  expect_as_native(native, traced);
  EXPECT_EQ(run({TIPTOE_COMMAND, "info", folder / "trace"}).status, 0);
}

// Guards the comparison itself: two native runs are the same, or the cases above mean nothing.
TEST_P(HazardsTest, IsDeterministic) {
  expect_as_native(run_with({}), run_with({}));
}

INSTANTIATE_TEST_SUITE_P(, HazardsTest, testing::ValuesIn(hazards()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace tiptoe::test
