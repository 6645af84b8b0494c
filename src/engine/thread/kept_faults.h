// Fault signals (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP) that somebody sent while the program
// blocks them.
//
// The engine may run into a fault at any moment, so the kernel must not block these signals while
// the thread is in the code cache or the runtime. What arrives there although the program blocks it
// is kept here, one of each kind as in the kernel, and given back to the kernel for the time of the
// program's system calls, where it is then pending as natively (docs/SIGNALS.md).
#pragma once

#include "engine/context/thread_state.h"
#include "sys/signal_frame.h"

namespace tiptoe::engine {

// Never blocked in the kernel but in the program's own system calls.
constexpr sys::SignalSet kFaultSignals = sys::signal_bit(SIGSEGV) | sys::signal_bit(SIGBUS) |
                                         sys::signal_bit(SIGILL) | sys::signal_bit(SIGFPE) |
                                         sys::signal_bit(SIGTRAP);

constexpr bool is_fault_signal(int signal) {
  return (kFaultSignals & sys::signal_bit(signal)) != 0;
}

// A second one of the same kind is dropped: it was pending already. Safe in a signal handler.
void keep_fault(ThreadState& thread, const siginfo_t& info);
// Those in `signals` are sent again, to the thread or to the process as they were sent first.
void give_back_faults(ThreadState& thread, sys::SignalSet signals);
// Whether any of `signals` is kept.
bool keeps_fault(const ThreadState& thread, sys::SignalSet signals);
// What becomes ignored is forgotten.
void forget_kept_fault(ThreadState& thread, int signal);
void forget_kept_faults(KeptSignals& kept);

// Sends a signal that was taken from the kernel again, with all that came with it.
void send_to_this_thread(const siginfo_t& info);
void send_to_this_process(const siginfo_t& info);

}  // namespace tiptoe::engine
