// A ptrace-stopped thread and what is done to it from outside: registers, memory, system calls.
//
// A remote system call runs at a `syscall` instruction that the target already has (the vdso's),
// from one syscall stop to the next (PTRACE_SYSCALL). Single-stepping would be one stop fewer, but
// its trap is a forced SIGTRAP: a program that was started with SIGTRAP ignored would find it
// reset. All calls must come from the thread that attached.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <array>
#include <optional>
#include <span>

#include "base/types.h"
#include "inject/unique_fd.h"
#include "trace/result.h"

namespace tiptoe::inject {

// What a stop of a seized thread means, from its wait status.
enum class StopKind {
  kEnded,      // exited or was killed: not a stop
  kExec,       // PTRACE_EVENT_EXEC
  kSyscall,    // entry or exit of a system call (PTRACE_O_TRACESYSGOOD)
  kGroupStop,  // stopped by job control
  kTrap,       // PTRACE_EVENT_STOP without a stop signal: interrupted or continued
  kSignal,     // a signal is about to be delivered
};
StopKind classify_stop(int wait_status);

// Lets a thread that stopped for something not ours go on to where we detach. Job control is no
// exception: the kernel keeps the group stop, has told the parent of it, and stops the thread when
// it is detached, unless it was continued meanwhile. (PTRACE_LISTEN would leave it in a tracing
// stop.)
void resume(pid_t tid, int wait_status);

// Stops the process of a ptrace-stopped thread, after its detaching, by a SIGSTOP that we have kept
// from it. One that was continued meanwhile goes on: a SIGCONT that is pending is younger, since
// each SIGSTOP discards those that are.
void stop_again(pid_t tid);

// Waits for the next report of one thread; nothing when it does not come in time. (A wait without
// an end would hang with a target whose cgroup is frozen.) A stop is taken; an end is told, as
// often as one asks, and left for the caller to reap: it may be what tiptoe's exit status depends
// on.
std::optional<int> wait_for_report(pid_t tid, int timeout_ms);

// Whether a thread that could not be detached was on its way to its end (SIGKILL, a group exit):
// one that does not end can always be detached while it is stopped.
bool is_ending(pid_t tid);

class Tracee {
 public:
  // `tid` is stopped at PTRACE_EVENT_EXEC. Blocks all its signals and moves it to the first
  // instruction of its new image; give_back() undoes the blocking.
  static Expected<Tracee> at_exec(pid_t tid);

  pid_t tid() const { return tid_; }
  const user_regs_struct& initial_registers() const { return initial_; }

  Status read(u64 address, std::span<u8> bytes) const;
  // Also into mappings that the target itself may not write.
  Status write(u64 address, std::span<const u8> bytes) const;

  void set_syscall_instruction(u64 address) { syscall_instruction_ = address; }
  // To seccomp filters, which run behind the stop at a system call's entry, all calls seem to be
  // made by an instruction there.
  void pretend_calls_from(u64 address) { pretended_instruction_ = address; }
  // The system call's result, -errno included. An error only when the thread was lost.
  Expected<i64> syscall(u64 number, std::array<u64, 6> arguments);

  // Restores the signal mask and detaches, with the thread about to run at `rip` and all its other
  // registers as they were.
  Status give_back(u64 rip);

 private:
  explicit Tracee(pid_t tid) : tid_(tid) {}
  Status run_to_syscall_stop();

  pid_t tid_;
  UniqueFd memory_;  // /proc/TID/mem
  user_regs_struct initial_{};
  u64 signal_mask_ = 0;
  u64 syscall_instruction_ = 0;
  u64 pretended_instruction_ = 0;  // 0: none
  bool stop_deferred_ = false;     // SIGSTOP came meanwhile
};

}  // namespace tiptoe::inject
