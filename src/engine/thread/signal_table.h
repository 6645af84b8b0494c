// The program's signal actions as it set them, and the kernel's, which are ours wherever the
// program has a handler; and for two more kinds: fault signals always, because the engine itself
// may run into them, and signals whose default is a core dump, because the dump shall show the
// program.
#pragma once

#include "engine/thread/kept_faults.h"
#include "sys/lock.h"
#include "sys/signal_frame.h"

namespace tiptoe::engine {

struct SignalTable {
  sys::Lock lock;
  sys::KernelSigaction actions[sys::kSignalCount + 1] = {};
  SignalTable* next_spare = nullptr;  // of those that nobody uses any more
  KeptSignals kept_faults = {};       // process-directed
  u32 faults_are_sent = 0;            // one came while the program blocks or ignores it
};

// The kernel's mask for a program's mask while the thread is in the code cache.
constexpr sys::SignalSet kernel_mask(sys::SignalSet app_mask) {
  return app_mask & ~kFaultSignals;
}
// The kernel's mask while a signal waits for its window.
constexpr sys::SignalSet kBlockedWhileHeld = ~kFaultSignals;
// The kernel's mask for a thread that goes on in the code cache.
sys::SignalSet running_mask(const ThreadState& thread);

void set_kernel_mask(sys::SignalSet mask);
// The kernel's mask becomes the program's but for fault signals, unless a signal waits for its
// window: then all stay blocked until it has been delivered.
void apply_app_mask(ThreadState& thread);
// The program changes its mask. False when a signal waits that came under the old one: it is due
// before the change, which has not been made.
bool change_app_mask(ThreadState& thread, sys::SignalSet mask);
// For a system call of the program, in a process to which fault signals are sent: the kernel's mask
// is exactly the program's, and what was kept is pending. (Fault signals that the program ignores
// are blocked too: they must not interrupt it.)
void apply_exact_mask(ThreadState& thread);
void leave_exact_mask(ThreadState& thread);
// The program's mask has changed: fault signals that were sent while it blocked them come now.
void give_back_unblocked_faults(ThreadState& thread);
sys::SignalSet current_kernel_mask();

// Reads the actions that the program was started with, and takes those that are always ours.
void init_signal_table(SignalTable& table);

// rt_sigaction(2) for the program. Returns 0 or -errno.
i64 change_action(SignalTable& table, int signal, const sys::KernelSigaction* action,
                  sys::KernelSigaction* old);

// The action for a signal that is to be delivered now; SA_RESETHAND forgets it.
sys::KernelSigaction take_action(SignalTable& table, int signal);
bool is_ignored(const SignalTable& table, int signal);

// The kernel's action for `signal` becomes SIG_DFL, whatever the program had.
void reset_kernel_action(int signal);

// Around execve: signals that the program ignores, and that are ours in the kernel, are ignored in
// the kernel too, as the new image inherits that; and back when there is no new image.
void restore_ignored_actions(SignalTable& table);
void retake_actions(SignalTable& table);

// Gives the thread its alternate signal stack in the kernel.
void install_signal_stack(const ThreadState& thread);

}  // namespace tiptoe::engine
