#include "tools/master_stepper/runner.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

namespace tiptoe::master {
namespace {

constexpr long kOptions = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                          PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

}  // namespace

Runner::Runner() : output_(memfd_create("output", MFD_CLOEXEC)) {
  if (output_ < 0) die("memfd_create");
}

pid_t Runner::spawn(const std::vector<std::string>& command, bool stopped) const {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t pid = fork();
  if (pid < 0) die("fork");
  if (pid == 0) {
    personality(ADDR_NO_RANDOMIZE);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(output_, STDOUT_FILENO);
    fcntl(STDOUT_FILENO, F_SETFL, O_APPEND);
    if (nothing > STDERR_FILENO) close(nothing);
    if (stopped) raise(SIGSTOP);
    execvp(words[0], words.data());
    std::perror(words[0]);
    _exit(127);
  }
  return pid;
}

void Runner::seize(pid_t tid) {
  if (ptrace(PTRACE_SEIZE, tid, nullptr, kOptions) != 0) die("PTRACE_SEIZE");
}

Task& Runner::add(pid_t tid) {
  Known& known = tasks_[tid];
  if (!known.task) {
    known = {run_.tasks.size(), std::make_unique<Task>(tid)};
    run_.tasks.push_back({tid, {}});
  }
  return *known.task;
}

Sequence& Runner::sequence_of(const Task& task) {
  return run_.tasks[tasks_.at(task.tid()).index].states;
}

void Runner::note(const Task& task, const State& state) {
  append(sequence_of(task), state);
}

void Runner::follow(pid_t root) {
  int status = 0;
  for (pid_t tid; (tid = waitpid(-1, &status, __WALL)) > 0;) {
    if (WIFSTOPPED(status)) {
      stopped(tid, status);
    } else {
      tasks_.erase(tid);
      if (tid == root) {
        run_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      }
    }
  }
}

void Runner::stopped(pid_t tid, int status) {
  const int event = status >> 16;
  if (!is_started() && event != PTRACE_EVENT_EXEC) {  // our own code, on its way to the program
    ptrace(PTRACE_CONT, tid, nullptr, event != 0 ? 0L : static_cast<long>(WSTOPSIG(status)));
    return;
  }
  const bool is_new = !tasks_.contains(tid);
  Task& task = add(tid);
  if (is_new || event == PTRACE_EVENT_EXEC) begin(task);
  if (is_new || event != 0) return resume(task, 0);
  if (!task.is_at_instruction(status)) return resume(task, WSTOPSIG(status));
  task.hide_step();
  if (!Task::is_in_restart(task.registers())) at_instruction(task);
  resume(task, 0);
}

Run Runner::finish() {
  char buffer[4096];
  lseek(output_, 0, SEEK_SET);
  for (ssize_t got; (got = read(output_, buffer, sizeof buffer)) > 0;) {
    run_.output.append(buffer, static_cast<size_t>(got));
  }
  close(output_);
  return std::move(run_);
}

}  // namespace tiptoe::master
