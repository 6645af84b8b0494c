// Starts a program so that it stops at the first instruction of its first image, seized by ptrace.
#pragma once

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/types.h"

namespace tiptoe::inject {

// A program as execve will get it.
struct Command {
  std::string path;               // what to execute
  std::vector<std::string> argv;  // argv[0] as the user wrote it
};

struct FoundProgram {
  std::string path;
  int error = 0;  // 0, or the errno that execvp would have ended with
};

// Looks a program up as execvp does: a name with a slash is itself, others are searched in PATH.
FoundProgram find_program(const std::string& name);

// A set-user-id, set-group-id or capability-carrying file: under ptrace the kernel would run it
// without its privileges (unless we have them anyway), so it must not be traced.
bool gains_privileges(const std::string& path);

enum class LaunchOutcome {
  kAtExec,      // stopped at PTRACE_EVENT_EXEC
  kUntraced,    // runs natively: nothing may trace it
  kNotStarted,  // execve failed with `error`
  kEnded,       // killed before it could begin; reaped, with `wait_status`
  kFailed,      // we failed, with `error` from `what`
};

struct Launched {
  LaunchOutcome outcome;
  pid_t pid = -1;
  int error = 0;
  const char* what = "";
  int wait_status = 0;
};

// What tiptoe was started with and changes for itself; the program gets it as it was. All else the
// program inherits because tiptoe leaves it alone.
class InheritedState {
 public:
  static InheritedState current();
  void restore() const;

 private:
  sigset_t signal_mask_;
  struct sigaction on_sigchld_;
  rlimit file_size_;
  rlimit open_files_;
};

// The caller must be single-threaded. The program is killed should the caller die before it
// detaches.
Launched launch(const Command& command, const InheritedState& inherited, bool trace);

}  // namespace tiptoe::inject
