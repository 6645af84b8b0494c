#include "inject/tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include <cstddef>

#include <string>

#include "inject/process_facts.h"

#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

namespace tiptoe::inject {
namespace {

constexpr int kReportTimeoutMs = 10'000;

Error failed(const char* what) {
  return Error{std::string(what) + " failed: " + strerror(errno)};
}

bool is_stop_signal(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

i64 now_ms() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

// SIGCHLD is what tells of a report; blocked, it stays pending until sigtimedwait takes it.
class BlockSigchld {
 public:
  BlockSigchld() {
    sigemptyset(&chld_);
    sigaddset(&chld_, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &chld_, &before_);
  }
  ~BlockSigchld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  void wait(i64 timeout_ms) const {
    const timespec timeout{timeout_ms / 1000, timeout_ms % 1000 * 1'000'000};
    sigtimedwait(&chld_, nullptr, &timeout);
  }

 private:
  sigset_t chld_;
  sigset_t before_;
};

// What waitpid would have said.
int as_wait_status(const siginfo_t& info) {
  switch (info.si_code) {
    case CLD_EXITED:
      return info.si_status << 8;
    case CLD_KILLED:
      return info.si_status;
    case CLD_DUMPED:
      return info.si_status | WCOREFLAG;
    default:
      return info.si_status << 8 | 0x7f;
  }
}

// Two looks, because one that takes stops and only looks at ends does not exist.
std::optional<int> look_for_report(pid_t tid, int& error) {
  for (const int what : {WSTOPPED, WEXITED | WNOWAIT}) {
    siginfo_t info{};
    error = waitid(P_PID, static_cast<id_t>(tid), &info, what | __WALL | WNOHANG) == 0 ? 0 : errno;
    if (error == 0 && info.si_pid == tid) return as_wait_status(info);
  }
  return std::nullopt;
}

bool is_pending(pid_t tid, int signal) {
  for (const u32 queue : {0u, u32{PTRACE_PEEKSIGINFO_SHARED}}) {
    siginfo_t info{};
    __ptrace_peeksiginfo_args next{0, queue, 1};
    for (; ptrace(PTRACE_PEEKSIGINFO, tid, &next, &info) == 1; ++next.off) {
      if (info.si_signo == signal) return true;
    }
  }
  return false;
}

}  // namespace

StopKind classify_stop(int wait_status) {
  if (!WIFSTOPPED(wait_status)) return StopKind::kEnded;
  const int signal = WSTOPSIG(wait_status);
  const int event = wait_status >> 16;
  if (event == PTRACE_EVENT_EXEC) return StopKind::kExec;
  if (event == PTRACE_EVENT_STOP) {
    return is_stop_signal(signal) ? StopKind::kGroupStop : StopKind::kTrap;
  }
  if (signal == (SIGTRAP | 0x80)) return StopKind::kSyscall;
  return StopKind::kSignal;
}

void resume(pid_t tid, int wait_status) {
  switch (classify_stop(wait_status)) {
    case StopKind::kEnded:
      return;
    case StopKind::kSignal:
      ptrace(PTRACE_CONT, tid, 0, WSTOPSIG(wait_status));
      return;
    default:
      ptrace(PTRACE_CONT, tid, 0, 0);
      return;
  }
}

void stop_again(pid_t tid) {
  if (!is_pending(tid, SIGCONT)) kill(tid, SIGSTOP);
}

std::optional<int> wait_for_report(pid_t tid, int timeout_ms) {
  const BlockSigchld blocked;
  const i64 deadline = now_ms() + timeout_ms;
  for (;;) {
    int error = 0;
    if (const std::optional<int> report = look_for_report(tid, error)) return report;
    if (error != 0 && error != EINTR) return std::nullopt;
    const i64 left = deadline - now_ms();
    if (left <= 0) return std::nullopt;
    blocked.wait(left);
  }
}

bool is_ending(pid_t tid) {
  const std::optional<std::string> tracer = status_field(tid, "TracerPid");
  return !tracer || *tracer != "0";
}

Expected<Tracee> Tracee::at_exec(pid_t tid) {
  Tracee tracee(tid);
  const std::string path = "/proc/" + std::to_string(tid) + "/mem";
  tracee.memory_ = UniqueFd(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!tracee.memory_) return failed(("opening " + path).c_str());
  const u64 all_signals = ~u64{0};
  if (ptrace(PTRACE_GETSIGMASK, tid, sizeof(u64), &tracee.signal_mask_) != 0 ||
      ptrace(PTRACE_SETSIGMASK, tid, sizeof(u64), &all_signals) != 0) {
    return failed("blocking the program's signals");
  }
  // To execve's exit: only there does rax have the value that the program will find.
  if (Status status = tracee.run_to_syscall_stop(); !status) return status.error();
  if (ptrace(PTRACE_GETREGS, tid, 0, &tracee.initial_) != 0) return failed("reading registers");
  tracee.initial_.orig_rax = ~0ull;  // no system call to restart
  return tracee;
}

Status Tracee::run_to_syscall_stop() {
  for (;;) {
    if (ptrace(PTRACE_SYSCALL, tid_, 0, 0) != 0) return failed("resuming the program");
    const std::optional<int> report = wait_for_report(tid_, kReportTimeoutMs);
    if (!report) return Error{"the program does not answer (is its cgroup frozen?)"};
    switch (classify_stop(*report)) {
      case StopKind::kSyscall:
        return {};
      case StopKind::kEnded:
        return Error{"the program was killed at its start"};
      case StopKind::kSignal:
        stop_deferred_ = true;  // the others are blocked
        break;
      default:
        break;
    }
  }
}

Status Tracee::read(u64 address, std::span<u8> bytes) const {
  const ssize_t got = pread(memory_.get(), bytes.data(), bytes.size(), static_cast<off_t>(address));
  if (got != static_cast<ssize_t>(bytes.size())) return failed("reading the program's memory");
  return {};
}

Status Tracee::write(u64 address, std::span<const u8> bytes) const {
  while (!bytes.empty()) {
    const ssize_t put =
        pwrite(memory_.get(), bytes.data(), bytes.size(), static_cast<off_t>(address));
    if (put <= 0) return failed("writing the program's memory");
    bytes = bytes.subspan(static_cast<size_t>(put));
    address += static_cast<u64>(put);
  }
  return {};
}

Expected<i64> Tracee::syscall(u64 number, std::array<u64, 6> arguments) {
  user_regs_struct registers = initial_;
  registers.rip = syscall_instruction_;
  registers.rax = number;
  registers.rdi = arguments[0];
  registers.rsi = arguments[1];
  registers.rdx = arguments[2];
  registers.r10 = arguments[3];
  registers.r8 = arguments[4];
  registers.r9 = arguments[5];
  if (ptrace(PTRACE_SETREGS, tid_, 0, &registers) != 0) return failed("setting registers");
  for (const bool is_entry : {true, false}) {
    if (Status status = run_to_syscall_stop(); !status) return status.error();
    if (!is_entry || pretended_instruction_ == 0) continue;
    constexpr u64 kSyscallBytes = 2;
    if (ptrace(PTRACE_POKEUSER, tid_, offsetof(user_regs_struct, rip),
               pretended_instruction_ + kSyscallBytes) != 0) {
      return failed("setting the program counter");
    }
  }
  if (ptrace(PTRACE_GETREGS, tid_, 0, &registers) != 0) return failed("reading registers");
  return static_cast<i64>(registers.rax);
}

Status Tracee::give_back(u64 rip) {
  user_regs_struct registers = initial_;
  registers.rip = rip;
  if (ptrace(PTRACE_SETREGS, tid_, 0, &registers) != 0) return failed("setting registers");
  if (ptrace(PTRACE_SETSIGMASK, tid_, sizeof(u64), &signal_mask_) != 0) {
    return failed("restoring the program's signals");
  }
  if (stop_deferred_) stop_again(tid_);
  if (ptrace(PTRACE_DETACH, tid_, 0, 0) != 0) return failed("detaching");
  return {};
}

}  // namespace tiptoe::inject
