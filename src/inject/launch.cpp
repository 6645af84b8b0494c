#include "inject/launch.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <string_view>

#include "inject/tracee.h"
#include "inject/unique_fd.h"

namespace tiptoe::inject {
namespace {

constexpr unsigned long kLaunchOptions =
    PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
constexpr int kExecTimeoutMs = 60'000;  // a slow network file system may be behind it

// 0 when execve would find an executable file there, else its errno.
int check_executable(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return errno;
  if (!S_ISREG(info.st_mode)) return EACCES;
  return access(path.c_str(), X_OK) == 0 ? 0 : errno;
}

bool is_elf(const char* path) {
  UniqueFd file(open(path, O_RDONLY | O_CLOEXEC));
  char magic[SELFMAG] = {};
  return file && read(file.get(), magic, SELFMAG) == SELFMAG && memcmp(magic, ELFMAG, SELFMAG) == 0;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& string : strings) result.push_back(const_cast<char*>(string.c_str()));
  result.push_back(nullptr);
  return result;
}

// In the child. A text file without #! is a shell script to execvp and to every shell.
int exec_command(const Command& command) {
  execve(command.path.c_str(), pointers(command.argv).data(), environ);
  if (errno != ENOEXEC || is_elf(command.path.c_str())) return errno;
  std::vector<std::string> shell = {"/bin/sh", command.path};
  shell.insert(shell.end(), command.argv.begin() + 1, command.argv.end());
  execve("/bin/sh", pointers(shell).data(), environ);
  return errno;
}

[[noreturn]] void run_child(const Command& command, const InheritedState& inherited, int channel) {
  char go = 0;
  if (read(channel, &go, 1) != 1) _exit(127);  // the parent is gone
  inherited.restore();
  const int error = exec_command(command);
  (void)!write(channel, &error, sizeof(error));
  _exit(127);
}

Launched give_up(pid_t pid, int error, const char* what) {
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, __WALL);
  return {LaunchOutcome::kFailed, -1, error, what};
}

// After the child is gone: by the errno that execve left in the channel, or else it was killed.
Launched not_started(pid_t pid, int channel) {
  int error = 0, wait_status = 0;
  waitpid(pid, &wait_status, __WALL);
  if (recv(channel, &error, sizeof(error), MSG_DONTWAIT) == sizeof(error)) {
    return {LaunchOutcome::kNotStarted, -1, error, "execve"};
  }
  return {LaunchOutcome::kEnded, pid, ECHILD, "starting the program", wait_status};
}

// execve closes the channel; a failed one first writes into it.
Launched await_native_start(pid_t pid, int channel) {
  int error = 0;
  if (recv(channel, &error, sizeof(error), 0) != sizeof(error)) {
    return {LaunchOutcome::kUntraced, pid, 0, ""};
  }
  waitpid(pid, nullptr, 0);
  return {LaunchOutcome::kNotStarted, -1, error, "execve"};
}

Launched await_exec_stop(pid_t pid, int channel) {
  for (;;) {
    const std::optional<int> report = wait_for_report(pid, kExecTimeoutMs);
    if (!report) return give_up(pid, ETIMEDOUT, "waiting for execve");
    switch (classify_stop(*report)) {
      case StopKind::kExec:
        return {LaunchOutcome::kAtExec, pid, 0, ""};
      case StopKind::kEnded:
        return not_started(pid, channel);
      default:
        resume(pid, *report);
        break;
    }
  }
}

}  // namespace

FoundProgram find_program(const std::string& name) {
  if (name.empty()) return {"", ENOENT};
  if (name.find('/') != std::string::npos) return {name, check_executable(name)};
  const char* variable = getenv("PATH");
  std::string_view path = variable ? variable : "/bin:/usr/bin";
  int error = ENOENT;
  for (;;) {
    const size_t colon = path.find(':');
    const std::string folder(path.substr(0, colon));
    const std::string candidate = folder.empty() ? name : folder + "/" + name;
    const int found = check_executable(candidate);
    if (found == 0) return {candidate, 0};
    if (found == EACCES) error = EACCES;
    if (colon == std::string_view::npos) return {name, error};
    path.remove_prefix(colon + 1);
  }
}

bool gains_privileges(const std::string& path) {
  if (geteuid() == 0) return false;
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return false;
  return (info.st_mode & (S_ISUID | S_ISGID)) != 0 ||
         getxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
}

InheritedState InheritedState::current() {
  InheritedState state;
  sigprocmask(SIG_BLOCK, nullptr, &state.signal_mask_);
  sigaction(SIGCHLD, nullptr, &state.on_sigchld_);
  getrlimit(RLIMIT_FSIZE, &state.file_size_);
  getrlimit(RLIMIT_NOFILE, &state.open_files_);
  return state;
}

void InheritedState::restore() const {
  setrlimit(RLIMIT_FSIZE, &file_size_);
  setrlimit(RLIMIT_NOFILE, &open_files_);
  sigaction(SIGCHLD, &on_sigchld_, nullptr);
  sigprocmask(SIG_SETMASK, &signal_mask_, nullptr);
}

Launched launch(const Command& command, const InheritedState& inherited, bool trace) {
  int channel[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0) {
    return {LaunchOutcome::kFailed, -1, errno, "socketpair"};
  }
  UniqueFd ours(channel[0]), theirs(channel[1]);
  const pid_t pid = fork();
  if (pid < 0) return {LaunchOutcome::kFailed, -1, errno, "fork"};
  if (pid == 0) run_child(command, inherited, theirs.get());
  theirs.reset();
  if (trace && ptrace(PTRACE_SEIZE, pid, 0, kLaunchOptions) != 0) {
    return give_up(pid, errno, "ptrace");
  }
  if (send(ours.get(), "g", 1, MSG_NOSIGNAL) != 1) return give_up(pid, errno, "starting the child");
  return trace ? await_exec_stop(pid, ours.get()) : await_native_start(pid, ours.get());
}

}  // namespace tiptoe::inject
