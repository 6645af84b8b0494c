// The native twin: the same program, never translated, stepped by ptrace.
//
// A stop at a breakpoint costs 6 us, a single step 20 (virtual machines intercept debug
// exceptions), so steps are the exception.
//
// It makes no system call of its own but those on its address space; all calls must come from the
// thread that started it. It is killed when the object goes away.
#pragma once

#include <sys/user.h>

#include <array>
#include <vector>

#include "check/process_memory.h"
#include "inject/launch.h"

namespace tiptoe::check {

using Registers = user_regs_struct;

class Twin {
 public:
  // At the first instruction of its image.
  static Expected<Twin> start(const inject::Command& command,
                              const inject::InheritedState& inherited);
  Twin(Twin&& other) noexcept = default;
  Twin& operator=(Twin&& other) noexcept = default;
  ~Twin();

  const ProcessMemory& memory() const { return memory_; }
  const Registers& registers() const { return registers_; }
  void set_registers(const Registers& registers);

  // Executes one instruction (one iteration of a repeated string instruction). 0, or the signal
  // that it raised; kLost when the twin is gone.
  int step();
  // Executes natively until it arrives at one of `stops`, where breakpoints are put meanwhile. The
  // twin stands at none of them, and may_stop_at() all.
  int run_to(std::span<const u64> stops);
  // Whether a breakpoint may be put there: code that the twin cannot write.
  bool may_stop_at(u64 pc) const;
  static constexpr int kLost = -1;

  // Makes a system call; the twin stands at a syscall instruction. Registers are as before it.
  i64 syscall(u64 number, std::array<u64, 6> arguments);

  // Floating-point and vector registers, as PTRACE_GETREGSET gives them.
  std::vector<u8> vector_state() const;
  void set_vector_state(std::span<const u8> state);
  // What a signal handler starts with.
  void reset_vector_state();

 private:
  Twin(UniqueFd pidfd, pid_t tid, ProcessMemory memory)
      : pidfd_(std::move(pidfd)), tid_(tid), memory_(std::move(memory)) {}
  int resume(int request);

  UniqueFd pidfd_;  // also tells whether this object still owns the process
  pid_t tid_;
  ProcessMemory memory_;
  Registers registers_{};
  mutable std::vector<Range> fixed_code_;  // unwritable code; empty: to be read again
};

}  // namespace tiptoe::check
