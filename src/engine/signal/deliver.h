// Delivering a signal to the program: its frame, as the kernel built it for us, moved to where the
// kernel would have built it, with the program's registers in it.
#pragma once

#include "engine/dispatch/dispatch.h"
#include "engine/thread/signal_table.h"

namespace tiptoe::engine {

// The frame that the kernel built on our alternate stack.
struct KernelFrame {
  siginfo_t* info;
  struct ucontext* uc;
};

// How a signal came.
struct Arrival {
  // The program's mask in force: a temporary one within sigsuspend and its like. The frame always
  // has the program's own.
  sys::SignalSet mask;
  bool is_fault;          // raised by the processor or forced by the kernel, not sent
  bool has_trap = false;  // the kernel's frame has the trap number that belongs to it
  u64 machine_pc = 0;     // what si_addr holds when it means the instruction
};

// Whether the kernel says so: for signals that the processor raises.
bool is_synchronous(int signal, const siginfo_t& info);

// Delivers `signal` to the program, whose registers are thread.context: afterwards returning from
// our handler continues at the program's handler. Dies in the program's stead when that is what
// the signal does.
void deliver(ThreadState& thread, int signal, const KernelFrame& frame, const Arrival& arrival);

// Makes returning from our handler continue in the gate, which goes on as thread.resume_at says.
void return_to_gate(ThreadState& thread, const KernelFrame& frame);

// The same, where the program was interrupted.
void resume(ThreadState& thread, const KernelFrame& frame);

// The siginfo of a SIGSEGV that the kernel forces upon a thread whose frame is bad.
siginfo_t forced_segv();

}  // namespace tiptoe::engine
