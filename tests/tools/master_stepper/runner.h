// Runs a program task by task, stop by stop: what native and traced stepping have in common.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tools/master_stepper/state.h"
#include "tools/master_stepper/task.h"

namespace tiptoe::master {

class Runner {
 public:
  virtual ~Runner() = default;

  Run finish();

 protected:
  Runner();

  // Starts a command without address randomization, with what it writes going to Run::output.
  // `stopped`: by SIGSTOP, before its exec.
  pid_t spawn(const std::vector<std::string>& command, bool stopped) const;
  // Seizes a thread: all its further stops, and its children's, are ours.
  static void seize(pid_t tid);
  // Follows everything until the last task has ended. `root` is the process whose status counts.
  void follow(pid_t root);
  // A task that is stopped: it is known from now on.
  Task& add(pid_t tid);

  // A new task at its first stop, or the program behind its exec.
  virtual void begin(Task& task) = 0;
  // The task stands at an instruction that it has not executed.
  virtual void at_instruction(Task& task) = 0;
  // Lets it go on from there.
  virtual void resume(Task& task, int signal) = 0;
  // Whether the program's first exec has happened.
  virtual bool is_started() const { return true; }

  void note(const Task& task, const State& state);
  Sequence& sequence_of(const Task& task);

 private:
  void stopped(pid_t tid, int status);

  struct Known {
    size_t index;
    std::unique_ptr<Task> task;
  };
  std::map<pid_t, Known> tasks_;
  Run run_;
  int output_;  // a memory file
};

}  // namespace tiptoe::master
