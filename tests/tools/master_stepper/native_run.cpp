#include "tools/master_stepper/native_run.h"

#include <sys/wait.h>

#include <csignal>

#include "tools/master_stepper/machine_state.h"
#include "tools/master_stepper/runner.h"
#include "tools/master_stepper/start_state.h"
#include "tools/master_stepper/vectors.h"

namespace tiptoe::master {
namespace {

class NativeRun : public Runner {
 public:
  Run run(const std::vector<std::string>& command) {
    const pid_t pid = spawn(command, true);
    int status = 0;
    if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status)) die("waitpid");
    seize(pid);
    kill(pid, SIGCONT);
    follow(pid);
    return finish();
  }

 private:
  bool is_started() const override { return started_; }
  void begin(Task& task) override {
    if (started_) {
      task.begin_behind_syscall();
    } else {
      settle_start_state(task, task.registers().rsp);
    }
    started_ = true;
    at_instruction(task);
  }
  void at_instruction(Task& task) override {
    const Registers r = task.registers();
    State state;
    state.registers = machine_state(r);
    state.fs_base = r.fs_base;
    state.gs_base = r.gs_base;
    state.vectors = vector_digest(task);
    note(task, state);
  }
  void resume(Task& task, int signal) override { task.step(signal); }

  bool started_ = false;
};

}  // namespace

Run run_natively(const std::vector<std::string>& command) {
  return NativeRun().run(command);
}

}  // namespace tiptoe::master
