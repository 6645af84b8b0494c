// The oracle for what a program executed: runs it natively, one instruction at a time, by ptrace.
//
//   stepper FOLDER PROGRAM ARGS…
//
// writes FOLDER/0, FOLDER/1, ... : for each task (thread or process) in the order of creation, the
// address of every instruction it executed, from the first one after exec, as lower-case
// hexadecimal, one a line. What a task executes after one more exec is a file of its own. Address
// randomization is off. A rep-prefixed string instruction is one line, however often it repeats. An
// instruction that faults was not executed. The exit status is the program's own (128 + N for death
// by signal N).
//
// What is stepped notices little, but it does notice: pushf shows the trap flag, and so does r11
// after a syscall. Programs for the oracle look at neither.
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace {

constexpr long kOptions = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                          PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "stepper: %s: %s\n", what, std::strerror(errno));
  std::exit(125);
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// One task that is being stepped. `next` is the instruction that it was about to execute when it
// was last resumed; whether it did shows at the next stop.
class Task {
 public:
  Task(pid_t tid, const std::string& file) : tid_(tid), file_(std::fopen(file.c_str(), "w")) {
    if (!file_) die(file.c_str());
  }

  // The task stands at a place it has come to by other means than a step: the kernel may report the
  // same place once more without having executed anything.
  void arrive() {
    next_ = pc();
    arrived_ = true;
  }

  // A step is over: `next` was executed, unless this is the repeated report of an arrival.
  void step_done() {
    const std::uint64_t now = pc();
    const bool repeated = (arrived_ || in_syscall_) && next_ && now == *next_;
    if (next_ && !repeated) executed(*next_, now);
    arrived_ = in_syscall_ = false;
    next_ = now;
  }

  // A signal is about to be delivered, before or after `next` was executed. A system call that it
  // has interrupted will most likely be started again (a tracer is told of signals that the program
  // ignores, SIGCHLD say, which would not interrupt it natively): that is the same execution.
  void interrupted() {
    const user_regs_struct now = registers();
    if (!next_ || now.rip == *next_) return;
    if (static_cast<std::int64_t>(now.orig_rax) >= 0 &&
        is_restart(static_cast<std::int64_t>(now.rax))) {
      in_syscall_ = true;
      return;
    }
    executed(*next_, now.rip);
    next_ = now.rip;
  }

  // The task stands at the first instruction of a signal handler; a system call that the signal has
  // interrupted is over.
  void entered_handler() {
    if (next_ && in_syscall_) write(*next_);
    in_syscall_ = false;
    arrive();
  }

  // The task ends, in `next` (a system call) or before it.
  void ended() {
    if (next_ && pc() != *next_) write(*next_);
    next_.reset();
  }

  // execve succeeded; it was the instruction at `next`.
  void replaced() {
    if (next_) write(*next_);
  }

  void resume(int signal) {
    if (ptrace(PTRACE_SINGLESTEP, tid_, nullptr, static_cast<long>(signal)) != 0 &&
        errno != ESRCH) {
      die("PTRACE_SINGLESTEP");
    }
  }

  pid_t tid() const { return tid_; }

 private:
  user_regs_struct registers() const {
    user_regs_struct values{};
    if (ptrace(PTRACE_GETREGS, tid_, nullptr, &values) != 0 && errno != ESRCH) {
      die("PTRACE_GETREGS");
    }
    return values;
  }

  std::uint64_t pc() const { return registers().rip; }

  // ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK of the kernel's own errno.h.
  static bool is_restart(std::int64_t result) {
    return result == -512 || result == -513 || result == -514 || result == -516;
  }

  void executed(std::uint64_t at, std::uint64_t now) {
    if (at == now && is_rep_string(at)) return;  // one more round; written when it is left
    write(at);
  }

  void write(std::uint64_t at) {
    std::fprintf(file_.get(), "%llx\n", static_cast<unsigned long long>(at));
  }

  bool is_rep_string(std::uint64_t at) const {
    unsigned char code[15] = {};
    iovec here{code, sizeof code};
    iovec there{reinterpret_cast<void*>(at), sizeof code};
    const ssize_t got = process_vm_readv(tid_, &here, 1, &there, 1, 0);
    bool rep = false;
    for (ssize_t i = 0; i < got; ++i) {
      const unsigned char byte = code[i];
      if (byte == 0xf2 || byte == 0xf3) {
        rep = true;
      } else if (byte != 0x66 && byte != 0x67 && byte != 0x2e && byte != 0x36 && byte != 0x3e &&
                 byte != 0x26 && byte != 0x64 && byte != 0x65 && (byte & 0xf0) != 0x40) {
        return rep && ((byte >= 0xa4 && byte <= 0xa7) || (byte >= 0xaa && byte <= 0xaf) ||
                       (byte >= 0x6c && byte <= 0x6f));
      }
    }
    return false;
  }

  pid_t tid_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::optional<std::uint64_t> next_;
  bool arrived_ = false;     // by other means than a step, and not stepped since
  bool in_syscall_ = false;  // `next` is a system call that a signal has interrupted
};

class Stepper {
 public:
  explicit Stepper(std::string folder) : folder_(std::move(folder)) {}

  int run(char** command) {
    start(command);
    int status = 0;
    pid_t tid;
    while ((tid = waitpid(-1, &status, __WALL)) > 0) {
      if (WIFSTOPPED(status)) {
        stopped(tid, status);
      } else {
        tasks_.erase(tid);
        if (tid == root_) root_status_ = status;
      }
    }
    return WIFEXITED(root_status_) ? WEXITSTATUS(root_status_) : 128 + WTERMSIG(root_status_);
  }

 private:
  // Starts the program stopped before its exec, so that the exec itself is seen.
  void start(char** command) {
    root_ = fork();
    if (root_ < 0) die("fork");
    if (root_ == 0) {
      personality(ADDR_NO_RANDOMIZE);
      raise(SIGSTOP);
      execvp(command[0], command);
      std::fprintf(stderr, "stepper: %s: %s\n", command[0], std::strerror(errno));
      _exit(127);
    }
    int status = 0;
    if (waitpid(root_, &status, WUNTRACED) != root_ || !WIFSTOPPED(status)) die("waitpid");
    if (ptrace(PTRACE_SEIZE, root_, nullptr, kOptions) != 0) die("PTRACE_SEIZE");
    kill(root_, SIGCONT);
  }

  Task& task(pid_t tid) {
    auto& slot = tasks_[tid];
    if (!slot) slot = std::make_unique<Task>(tid, folder_ + "/" + std::to_string(created_++));
    return *slot;
  }

  void stopped(pid_t tid, int status) {
    const int signal = WSTOPSIG(status), event = status >> 16;
    if (!traced_) {  // still our own code, on its way to the exec
      if (event == PTRACE_EVENT_EXEC) {
        traced_ = true;
        task(tid).arrive();
        task(tid).resume(0);
      } else {
        ptrace(PTRACE_CONT, tid, nullptr,
               event || signal == SIGCONT ? 0L : static_cast<long>(signal));
      }
      return;
    }
    Task& it = task(tid);
    switch (event) {
      case 0:
        it.resume(signal_stop(it, signal));
        return;
      case PTRACE_EVENT_CLONE:
      case PTRACE_EVENT_FORK:
      case PTRACE_EVENT_VFORK: {
        unsigned long child = 0;
        if (ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &child) != 0) die("PTRACE_GETEVENTMSG");
        task(static_cast<pid_t>(child));
        break;
      }
      case PTRACE_EVENT_EXEC: {
        it.replaced();
        tasks_.erase(tid);
        Task& image = task(tid);
        image.arrive();
        image.resume(0);
        return;
      }
      case PTRACE_EVENT_EXIT:
        it.ended();
        break;
      case PTRACE_EVENT_STOP:  // a new task's first stop
        it.arrive();
        break;
      default:
        break;
    }
    it.resume(0);
  }

  // Returns the signal to hand on: 0 when it was only our own step.
  static int signal_stop(Task& it, int signal) {
    siginfo_t info{};
    if (signal == SIGTRAP && ptrace(PTRACE_GETSIGINFO, it.tid(), nullptr, &info) == 0) {
      switch (info.si_code) {
        case TRAP_TRACE:  // a step
        case TRAP_BRKPT:  // a step over a system call
          it.step_done();
          return 0;
        case SIGTRAP:  // the kernel's way of telling that a handler was entered
          it.entered_handler();
          return 0;
        default:
          break;
      }
    }
    it.interrupted();
    return signal;
  }

  std::string folder_;
  std::map<pid_t, std::unique_ptr<Task>> tasks_;
  pid_t root_ = 0;
  int root_status_ = 0;
  int created_ = 0;
  bool traced_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: stepper FOLDER PROGRAM ARGS...\n");
    return 2;
  }
  return Stepper(argv[1]).run(argv + 2);
}
