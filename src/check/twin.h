// The native twin: the same program, never translated, single-stepped by ptrace.
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

  // Executes one instruction (one iteration of a repeated string instruction). 0, or the signal that
  // it raised; kLost when the twin is gone.
  int step();
  // Executes natively until it arrives at `pc`: through a repeated string instruction in one go.
  int run_to(u64 pc);
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
  bool set_debug_register(unsigned number, u64 value);

  UniqueFd pidfd_;  // also tells whether this object still owns the process
  pid_t tid_;
  ProcessMemory memory_;
  Registers registers_{};
};

}  // namespace tiptoe::check
