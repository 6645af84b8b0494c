// A program started by tiptoe finds everything as a native execve would have left it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <sstream>

#include "inject/probe_program.h"
#include "support/traced.h"

namespace tiptoe::testing {
namespace {

void without_address_randomisation() {
  personality(ADDR_NO_RANDOMIZE);
}

// Our own mappings are the only lines of /proc/self/maps that may be new.
std::string without_our_mappings(const std::string& text, int& removed) {
  std::istringstream lines(text);
  std::string kept;
  removed = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool ours = line.starts_with("7e9000000000-") || line.starts_with("7e8fffc00000-") ||
                      line.starts_with("7ffff82");
    removed += ours;
    if (!ours) kept += line + '\n';
  }
  return kept;
}

class Transparency : public ::testing::Test {
 protected:
  // Both in children that `prepare` has prepared alike.
  void expect_same(const std::vector<std::string>& argv, const std::function<void()>& prepare) {
    const Outcome native = workshop_.run_native(argv, prepare);
    const Outcome traced = run_traced(workshop_, argv, preparing(prepare));
    EXPECT_FALSE(native.out.empty());
    int removed = 0;
    EXPECT_EQ(native.out, without_our_mappings(traced.out, removed));
    EXPECT_EQ(native.status, traced.status);
    EXPECT_EQ(native.err, traced.err);
  }

  std::string compile_probe(const std::string& flags) const {
    return workshop_.compile("probe", kProbeProgram,
                             "gcc -O1 -fno-stack-protector -nostdlib " + flags);
  }

  Workshop workshop_;
};

TEST_F(Transparency, a_static_program_starts_with_native_registers_stack_and_mappings) {
  const std::string probe = compile_probe("-static -no-pie");
  expect_same({probe, "one", ""}, without_address_randomisation);
}

TEST_F(Transparency,
       a_position_independent_program_starts_with_native_registers_stack_and_mappings) {
  const std::string probe = compile_probe("-static-pie");
  expect_same({probe, "one", ""}, without_address_randomisation);
}

TEST_F(Transparency, our_mappings_are_the_expected_few) {
  const std::string probe = compile_probe("-static -no-pie");
  const Outcome traced = run_traced(workshop_, {probe}, preparing(without_address_randomisation));
  int ours = 0;
  const std::string rest = without_our_mappings(traced.out, ours);
  EXPECT_EQ(ours, 6)
      << traced.out;  // the segment, the call page, four segments of the fake runtime
  EXPECT_EQ(traced.out.find("tiptoe"), traced.out.find("tiptoe-test-"));  // the probe's own path
}

TEST_F(Transparency, a_dynamic_program_sees_native_descriptors_signals_and_no_tracer) {
  expect_same(
      {"/bin/sh", "-c",
       "ls -l /proc/self/fd | sed 's/.*[0-9][0-9]:[0-9][0-9]//; s/-> .*//';"
       "ulimit -a; env; umask; pwd; "
       "exec grep -E '^(TracerPid|Sig[PBIC]|Shd|Threads|Seccomp|NoNewPrivs|Cap|Uid|Groups)' "
       "/proc/self/status"},
      without_address_randomisation);
}

TEST_F(Transparency, unusual_signal_dispositions_and_masks_are_inherited) {
  expect_same({"/bin/grep", "-E", "^Sig(Blk|Ign|Pnd|Cgt)", "/proc/self/status"}, [] {
    for (int signal : {SIGTRAP, SIGCHLD, SIGINT, SIGTTOU}) ::signal(signal, SIG_IGN);
    sigset_t mask;
    sigfillset(&mask);
    sigprocmask(SIG_SETMASK, &mask, nullptr);
  });
}

TEST_F(Transparency, an_ignored_sigchld_does_not_hide_the_exit_status) {
  const Outcome traced = run_traced(workshop_, {"/bin/sh", "-c", "exit 9"},
                                    preparing([] { ::signal(SIGCHLD, SIG_IGN); }));
  EXPECT_EQ(traced.status, 9);
}

TEST_F(Transparency, limits_are_the_ones_tiptoe_was_started_with) {
  expect_same({"/bin/cat", "/proc/self/limits"}, [] {
    const rlimit few{5, 4096}, small{1 << 20, 1 << 22}, address_space{1 << 30, 1 << 30};
    setrlimit(RLIMIT_NOFILE, &few);
    setrlimit(RLIMIT_FSIZE, &small);
    setrlimit(RLIMIT_AS, &address_space);
  });
}

TEST_F(Transparency, a_full_descriptor_table_is_no_obstacle) {
  expect_same({"busybox", "echo", "hello"}, [] {
    const rlimit three{3, 4096};  // 0, 1, 2 and nothing else
    setrlimit(RLIMIT_NOFILE, &three);
  });
}

TEST_F(Transparency, an_unlimited_stack_is_no_obstacle) {
  expect_same({"/bin/echo", "hello"}, [] {
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_STACK, &unlimited);
  });
}

TEST_F(Transparency, a_pipe_that_the_program_closes_is_closed) {
  // The reader would wait for tiptoe if tiptoe had kept a copy: the program waits for the reader.
  const Outcome traced = run_traced(
      workshop_,
      {"/bin/bash", "-c",
       "exec 3> >(cat >/dev/null; echo reader done); reader=$!; exec 3>&-; wait $reader"});
  EXPECT_EQ(traced.out, "reader done\n");
  const Outcome inherited = run_traced(
      workshop_, {"/bin/bash", "-c", "exec 9>&-; timeout 5 cat <&8; echo $?"}, preparing([] {
        int pipe_ends[2];
        if (pipe(pipe_ends) != 0) _exit(1);
        dup2(pipe_ends[0], 8);
        dup2(pipe_ends[1], 9);
        close(pipe_ends[0]);
        close(pipe_ends[1]);
      }));
  EXPECT_EQ(inherited.out, "0\n");  // 124: cat waited for an end that never came
}

}  // namespace
}  // namespace tiptoe::testing
