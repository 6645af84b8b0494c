// The program's signal actions as it set them, and the kernel's, which are ours wherever the
// program has a handler. SIGSEGV and SIGBUS are always ours: the engine itself may run into them.
#pragma once

#include "engine/context/thread_state.h"
#include "sys/lock.h"
#include "sys/signal_frame.h"

namespace tiptoe::engine {

struct SignalTable {
  sys::Lock lock;
  sys::KernelSigaction actions[sys::kSignalCount + 1] = {};
  SignalTable* next_spare = nullptr;  // of those that nobody uses any more
};

// Never blocked in the kernel while the program runs under the engine.
constexpr sys::SignalSet kAlwaysOurs = sys::signal_bit(SIGSEGV) | sys::signal_bit(SIGBUS);

// The kernel's mask for a program's mask.
constexpr sys::SignalSet kernel_mask(sys::SignalSet app_mask) {
  return app_mask & ~kAlwaysOurs;
}
void set_kernel_mask(sys::SignalSet mask);
// The kernel's mask becomes the program's, unless a signal waits for its window: then all stay
// blocked until it has been delivered.
void apply_app_mask(ThreadState& thread);
// The program's mask has changed: SIGSEGV and SIGBUS that were sent while it blocked them are sent
// again.
void send_refused_faults(ThreadState& thread);
sys::SignalSet current_kernel_mask();

// Reads the actions that the program was started with, and takes SIGSEGV and SIGBUS.
void init_signal_table(SignalTable& table);

// rt_sigaction(2) for the program. Returns 0 or -errno.
i64 change_action(SignalTable& table, int signal, const sys::KernelSigaction* action,
                  sys::KernelSigaction* old);

// The kernel's action for `signal` becomes SIG_DFL, whatever the program had.
void reset_kernel_action(int signal);

// Around execve: signals that the program ignores, and that are ours in the kernel, are ignored in
// the kernel too, as the new image inherits that; and back when there is no new image.
void restore_ignored_actions(SignalTable& table);
void retake_actions(SignalTable& table);

// Gives the thread its alternate signal stack in the kernel.
void install_signal_stack(const ThreadState& thread);

}  // namespace tiptoe::engine
