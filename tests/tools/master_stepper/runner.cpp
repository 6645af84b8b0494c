#include "tools/master_stepper/runner.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
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
  std::unique_ptr<Known>& known = tasks_[tid];
  if (!known) known = std::make_unique<Known>(tid);
  return known->task;
}

void Runner::start(Task& task) {
  tasks_.at(task.tid())->begun = true;
  begin(task);
  resume(task, 0);
}

Sequence& Runner::sequence_of(const Task& task) {
  return tasks_.at(task.tid())->states;
}

void Runner::note(const Task& task, const State& state) {
  append(sequence_of(task), state);
}

// The parent stands in the system call that has made it.
void Runner::note_child(pid_t parent) {
  unsigned long message = 0;
  if (ptrace(PTRACE_GETEVENTMSG, parent, nullptr, &message) != 0) die("PTRACE_GETEVENTMSG");
  const auto child = static_cast<pid_t>(message);
  Task& task = add(child);
  Known& maker = *tasks_.at(parent);
  Ancestry& ancestry = tasks_.at(child)->ancestry;
  ancestry = maker.ancestry;
  ancestry.push_back(maker.children++);
  if (early_.erase(child) != 0) start(task);
}

void Runner::follow(pid_t root) {
  int status = 0;
  for (pid_t tid; (tid = waitpid(-1, &status, __WALL)) > 0;) {
    if (WIFSTOPPED(status)) {
      stopped(tid, status);
    } else {
      if (const auto task = tasks_.find(tid); task != tasks_.end()) {
        ended_.push_back(std::move(task->second));
        tasks_.erase(task);
      }
      if (tid == root) {
        run_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      }
    }
  }
}

void Runner::stopped(pid_t tid, int status) {
  const int event = status >> 16;
  if (!is_started()) {  // our own code, on its way to the program
    if (event == PTRACE_EVENT_EXEC) return start(add(tid));
    ptrace(PTRACE_CONT, tid, nullptr, event != 0 ? 0L : static_cast<long>(WSTOPSIG(status)));
    return;
  }
  const auto found = tasks_.find(tid);
  if (found == tasks_.end()) {
    early_.insert(tid);
    return;
  }
  Task& task = found->second->task;
  if (!found->second->begun) return start(task);
  switch (event) {
    case 0:
      break;
    case PTRACE_EVENT_CLONE:
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
      note_child(tid);
      [[fallthrough]];
    default:
      return resume(task, 0);
  }
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
  std::sort(ended_.begin(), ended_.end(),
            [](const auto& a, const auto& b) { return a->ancestry < b->ancestry; });
  for (const auto& known : ended_) {
    run_.tasks.push_back({known->task.tid(), std::move(known->states)});
  }
  return std::move(run_);
}

}  // namespace tiptoe::master
