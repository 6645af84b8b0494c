// Interrupts a command all the time:
//
//   ticker COMMAND ARGS…
//
// becomes the command, and leaves a sender behind that sends SIGURG every 200 microseconds to each
// process of it that catches SIGURG: the command itself and all that descends from it, so that a
// tracer in between makes no difference. The threads of a process are served in turn. Who does not
// catch SIGURG is not disturbed. Programs with tests/programs/ticked.c in them catch it when it is
// ignored as they start, which this sees to.
//
// The sender is nobody's child, in a session of its own, and ends with the command.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace {

constexpr int kSignal = SIGURG;
constexpr timespec kInterval = {0, 200'000};
constexpr int kTicksBetweenLooks = 10;

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "ticker: %s: %s\n", what, std::strerror(errno));
  std::exit(125);
}

struct Process {
  pid_t pid;
  std::vector<pid_t> threads;
};

std::string proc(pid_t pid, const std::string& file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

std::vector<pid_t> threads_of(pid_t pid) {
  std::vector<pid_t> threads;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(proc(pid, "task").c_str()), closedir);
  if (!folder) return threads;
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] != '.') threads.push_back(std::atoi(entry->d_name));
  }
  return threads;
}

bool catches(pid_t pid) {
  std::ifstream status(proc(pid, "status"));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("SigCgt:")) {
      return std::stoull(line.substr(7), nullptr, 16) >> (kSignal - 1) & 1;
    }
  }
  return false;
}

// The process and all below it that catch the signal.
void look(pid_t pid, std::vector<Process>& found) {
  Process process{pid, threads_of(pid)};
  for (const pid_t thread : process.threads) {
    std::ifstream children(proc(pid, "task/" + std::to_string(thread) + "/children"));
    for (pid_t child; children >> child;) look(child, found);
  }
  if (!process.threads.empty() && catches(pid)) found.push_back(std::move(process));
}

[[noreturn]] void send_ticks(pid_t command, int end) {
  setsid();
  dup2(end, 0);
  close_range(1, ~0U, 0);
  pollfd ended = {0, POLLIN, 0};
  std::vector<Process> processes;
  for (size_t tick = 0;; ++tick) {
    if (ppoll(&ended, 1, &kInterval, nullptr) != 0) _exit(0);
    if (tick % kTicksBetweenLooks == 0) {
      processes.clear();
      look(command, processes);
    }
    for (const Process& process : processes) {
      const pid_t thread = process.threads[tick % process.threads.size()];
      syscall(SYS_tgkill, process.pid, thread, kSignal);
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fputs("usage: ticker COMMAND ARGS…\n", stderr);
    return 125;
  }
  const pid_t command = getpid();
  const int end = static_cast<int>(syscall(SYS_pidfd_open, command, 0));
  if (end < 0) die("pidfd_open");
  const pid_t between = fork();
  if (between < 0) die("fork");
  if (between == 0) {
    if (fork() == 0) send_ticks(command, end);
    _exit(0);
  }
  waitpid(between, nullptr, 0);
  close(end);
  signal(kSignal, SIG_IGN);
  execvp(arguments[1], arguments + 1);
  die(arguments[1]);
}
