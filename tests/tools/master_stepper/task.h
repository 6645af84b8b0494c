// One stopped thread and what ptrace can do to it.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <string>

#include "base/types.h"

namespace tiptoe::master {

[[noreturn]] void die(const std::string& what);  // with errno

using Registers = user_regs_struct;

class Task {
 public:
  explicit Task(pid_t tid) : tid_(tid) {}

  pid_t tid() const { return tid_; }
  Registers registers() const;
  void set_registers(const Registers& registers) const;
  u64 read_word(u64 address) const;
  bool read(u64 address, void* to, u64 bytes) const;
  void write(u64 address, const void* from, u64 bytes) const;

  // Hardware breakpoints; 0: none.
  static constexpr unsigned kBreakpoints = 4;
  void set_breakpoint(unsigned index, u64 address);

  // Steps one instruction, or one round of a string instruction.
  void step(int signal);
  void go_on(int signal) const;  // to the next breakpoint
  // To be called at the stop behind a step: takes back what the program could have seen of it.
  // (pushf and syscall show the trap flag.)
  void hide_step();
  // A new task, whose creator was stepped into the system call.
  void begin_behind_syscall();

  // A stop by a step, a breakpoint, or at a handler's first instruction; not a signal on its way.
  bool is_at_instruction(int wait_status) const;
  // The thread stands behind a system call that the kernel is about to make again, or to interrupt.
  static bool is_in_restart(const Registers& registers);

  // Makes a system call; the thread is left as it was. `instruction`: a `syscall` it has.
  u64 syscall(u64 instruction, u64 number, u64 a, u64 b, u64 c, u64 d, u64 e) const;
  // Runs on with these registers until it traps at `stop`. Faults at `fault` go on at `recover`.
  void run_to(const Registers& registers, u64 stop, u64 fault, u64 recover) const;

 private:
  enum class Shows { kNothing, kOnStack, kInR11 };
  Shows what_shows(const Registers& at) const;
  void drop_trap_flag() const;
  u64 block_signals() const;
  void set_signal_mask(u64 mask) const;

  pid_t tid_;
  u64 stepped_from_ = 0;
  Shows shows_ = Shows::kNothing;
};

}  // namespace tiptoe::master
