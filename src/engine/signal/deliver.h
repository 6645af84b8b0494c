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

// Raised by the instruction at the pc, not sent by anybody.
bool is_synchronous(int signal, const siginfo_t& info);

// Delivers `signal` to the program, whose registers are thread.context: afterwards returning from
// our handler continues at the program's handler. Dies in the program's stead when that is what
// the signal does. `machine_pc` is what si_addr holds when it means the instruction.
void deliver(ThreadState& thread, int signal, const KernelFrame& frame, u64 machine_pc);

// Makes returning from our handler continue in the gate, which goes on as thread.resume_at says.
void return_to_gate(ThreadState& thread, const KernelFrame& frame);

// Makes returning from our handler execute the program natively, with its own registers: used to
// die by the signal that is due.
void return_to_die(ThreadState& thread, int signal, const KernelFrame& frame, bool is_fault);

// rt_sigreturn(2) by the program: its frame is on top of thread.context's stack. Does not return.
[[noreturn]] void app_sigreturn(Core& core, ThreadState& thread);

// Whether the program's stack pointer is on its alternate stack.
bool on_altstack(const ThreadState& thread, u64 rsp);

}  // namespace tiptoe::engine
