// Runs a program task by task, stop by stop: what native and traced stepping have in common.
#pragma once

#include <map>
#include <memory>
#include <set>
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
  // Begins and resumes it.
  void start(Task& task);

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

  void note_child(pid_t parent);

  // Which child of which child: tasks of two runs are the same one when these are, in whatever
  // order they came to run.
  using Ancestry = std::vector<u32>;
  struct Known {
    explicit Known(pid_t tid) : task(tid) {}
    Task task;
    bool begun = false;
    Ancestry ancestry;
    u32 children = 0;
    Sequence states;
  };
  std::map<pid_t, std::unique_ptr<Known>> tasks_;
  std::vector<std::unique_ptr<Known>> ended_;
  std::set<pid_t> early_;  // stopped for the first time before their parents told of them
  Run run_;
  int output_;  // a memory file
};

}  // namespace tiptoe::master
