// tiptoe stands in the program's place: signals, job control, what it leaves behind.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "inject/process_facts.h"
#include "support/traced.h"

namespace tiptoe::testing {
namespace {

class Session : public ::testing::Test {
 protected:
  // Starts tiptoe in a process group of its own and waits until the program says that it runs.
  pid_t start(const std::string& script, const std::string& output = "") {
    fake_runtime();
    TracedOptions options;
    if (!output.empty()) options.parts = kPartRecord;
    options.output = output;
    const std::string started = workshop_.path("started");
    const pid_t pid = fork();
    if (pid == 0) {
      setpgid(0, 0);
      workshop_.redirect_output();
      _exit(become_tiptoe(
          {"/bin/bash", "-c",
           "echo $$ >" + started + ".new; mv " + started + ".new " + started + "; " + script},
          options));
    }
    while (!std::filesystem::exists(started)) pause_ms(2);
    program_ = std::stoi(workshop_.read("started"));
    return pid;
  }
  static void pause_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }
  static int wait_for(pid_t pid) {
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
    return status;
  }

  static pid_t parent_of(pid_t pid) {
    return std::stoi(inject::status_field(pid, "PPid").value_or("-1"));
  }
  // Or a zombie, which is its new parent's business.
  static bool is_gone_soon(pid_t pid) {
    for (int i = 0; i < 500; ++i, pause_ms(10)) {
      const auto state = inject::status_field(pid, "State");
      if (!state || state->starts_with('Z')) return true;
    }
    return false;
  }

  Workshop workshop_;
  pid_t program_ = -1;
};

TEST_F(Session, sigterm_to_tiptoe_reaches_the_program) {
  const pid_t tiptoe = start("trap 'echo terminated; exit 5' TERM; while :; do sleep 0.01; done");
  pause_ms(50);
  kill(tiptoe, SIGTERM);
  const int status = wait_for(tiptoe);
  EXPECT_EQ(WEXITSTATUS(status), 5);
  EXPECT_EQ(workshop_.read("stdout"), "terminated\n");
}

TEST_F(Session, a_signal_to_tiptoe_that_would_end_it_reaches_the_program_instead) {
  const pid_t tiptoe = start("trap 'echo told; exit 5' USR1; while :; do sleep 0.01; done");
  pause_ms(50);
  kill(tiptoe, SIGUSR1);
  const int status = wait_for(tiptoe);
  EXPECT_EQ(WEXITSTATUS(status), 5);
  EXPECT_EQ(workshop_.read("stdout"), "told\n");
}

TEST_F(Session, the_terminals_interrupt_reaches_the_program_once_and_the_trace_is_complete) {
  const pid_t tiptoe =
      start("n=0; trap 'n=$((n+1))' INT; for i in $(seq 30); do sleep 0.01; done; echo $n; exit 6",
            workshop_.path("trace"));
  pause_ms(100);
  kill(-tiptoe, SIGINT);  // as the terminal does: to the whole group
  const int status = wait_for(tiptoe);
  EXPECT_EQ(WEXITSTATUS(status), 6);
  EXPECT_EQ(workshop_.read("stdout"), "1\n");
  EXPECT_NE(workshop_.read("stderr").find("control flow"), std::string::npos);
}

TEST_F(Session, what_kills_the_program_kills_tiptoe) {
  const pid_t tiptoe = start("exec sleep 100");
  pause_ms(100);  // or bash, still busy with mv, would swallow it
  kill(-tiptoe, SIGINT);
  const int status = wait_for(tiptoe);
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(WTERMSIG(status), SIGINT);
}

TEST_F(Session, tiptoe_stops_and_continues_with_the_program) {
  for (int signal : {SIGTSTP, SIGSTOP}) {
    const pid_t tiptoe = start("for i in $(seq 20); do sleep 0.01; done; exit 7");
    kill(program_, signal);
    int status = wait_for(tiptoe);
    ASSERT_TRUE(WIFSTOPPED(status));
    EXPECT_EQ(WSTOPSIG(status), signal);
    kill(tiptoe, SIGCONT);  // to tiptoe alone: the program must follow
    status = wait_for(tiptoe);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 7);
    std::filesystem::remove(workshop_.path("started"));
  }
}

// Quickly, too, when tiptoe has not come to its own stop.
TEST_F(Session, tiptoe_goes_on_when_only_the_program_is_continued) {
  const pid_t tiptoe = start("for i in $(seq 40); do sleep 0.01; done; exit 7");
  for (int i = 0; i < 20; ++i) {
    kill(program_, SIGSTOP);
    pause_ms(i % 4);
    kill(program_, SIGCONT);
    pause_ms(5);
  }
  int status;
  do {
    status = wait_for(tiptoe);
  } while (WIFSTOPPED(status));
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

// It ends while tiptoe is on its way to the stop.
TEST_F(Session, tiptoe_ends_with_a_program_that_was_stopped_just_before) {
  for (int i = 0; i < 20; ++i) {
    const pid_t tiptoe = start("sleep 10; exit 7");
    kill(program_, SIGSTOP);
    pause_ms(i % 4);
    kill(program_, SIGKILL);
    int status;
    do {
      status = wait_for(tiptoe);
    } while (WIFSTOPPED(status));
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
    std::filesystem::remove(workshop_.path("started"));
  }
}

TEST_F(Session, a_killed_tiptoe_leaves_the_program_running) {
  const std::string result = workshop_.path("result");
  const pid_t tiptoe = start("sleep 0.2; echo finished >" + result, workshop_.path("trace"));
  const pid_t warden = parent_of(program_);
  EXPECT_EQ(parent_of(warden), tiptoe);
  kill(tiptoe, SIGKILL);
  wait_for(tiptoe);
  for (int i = 0; i < 500 && !std::filesystem::exists(result); ++i) pause_ms(10);
  EXPECT_EQ(workshop_.read("result"), "finished\n");
  EXPECT_TRUE(is_gone_soon(warden));
}

TEST_F(Session, tiptoe_ends_with_the_program_though_its_children_still_run) {
  const pid_t tiptoe = start("sleep 30 >/dev/null 2>&1 & echo $!; exit 8");
  EXPECT_EQ(WEXITSTATUS(wait_for(tiptoe)), 8);
  const pid_t child = std::stoi(workshop_.read("stdout"));
  EXPECT_EQ(kill(child, SIGKILL), 0);  // it was still there
}

}  // namespace
}  // namespace tiptoe::testing
