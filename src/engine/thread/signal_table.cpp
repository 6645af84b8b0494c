#include "engine/thread/signal_table.h"

#include <asm/errno.h>

#include "engine/context/gate.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

using sys::KernelSigaction;

constexpr u64 kPassedFlags = SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT;

i64 kernel_sigaction(int signal, const KernelSigaction* action, KernelSigaction* old) {
  return sys::call(__NR_rt_sigaction, signal, action, old, sizeof(sys::SignalSet));
}

bool is_always_ours(int signal) {
  return (kAlwaysOurs & sys::signal_bit(signal)) != 0;
}

// Our handler runs with everything blocked but what the engine itself may need: a copy from the
// program's memory may raise the very signal that is being handled.
KernelSigaction our_action(const KernelSigaction& app) {
  return {reinterpret_cast<u64>(&tiptoe_signal_entry),
          SA_SIGINFO | SA_ONSTACK | SA_NODEFER | sys::kSaRestorer | (app.flags & kPassedFlags),
          reinterpret_cast<u64>(&tiptoe_signal_restorer), ~kAlwaysOurs};
}

i64 install(int signal, const KernelSigaction& app) {
  const bool has_handler = app.handler != sys::kSigDfl && app.handler != sys::kSigIgn;
  const KernelSigaction ours = our_action(app);
  return kernel_sigaction(signal, has_handler || is_always_ours(signal) ? &ours : &app, nullptr);
}

}  // namespace

void set_kernel_mask(sys::SignalSet mask) {
  sys::call(__NR_rt_sigprocmask, SIG_SETMASK, &mask, 0, sizeof mask);
}

void apply_app_mask(ThreadState& thread) {
  const bool signal_waits = __atomic_load_n(&thread.pending, __ATOMIC_RELAXED) != 0;
  set_kernel_mask(signal_waits ? ~kAlwaysOurs : kernel_mask(thread.app_mask));
}

void send_refused_faults(ThreadState& thread) {
  for (const int signal : {SIGSEGV, SIGBUS}) {
    const sys::SignalSet bit = sys::signal_bit(signal);
    if ((thread.refused_faults & bit) == 0 || (thread.app_mask & bit) != 0) continue;
    thread.refused_faults &= ~bit;
    sys::call(__NR_tgkill, sys::call(__NR_getpid), sys::call(__NR_gettid), signal);
  }
}

sys::SignalSet current_kernel_mask() {
  sys::SignalSet mask = 0;
  sys::call(__NR_rt_sigprocmask, SIG_SETMASK, 0, &mask, sizeof mask);
  return mask;
}

void init_signal_table(SignalTable& table) {
  for (int signal = 1; signal <= sys::kSignalCount; ++signal) {
    kernel_sigaction(signal, nullptr, &table.actions[signal]);
  }
  install(SIGSEGV, table.actions[SIGSEGV]);
  install(SIGBUS, table.actions[SIGBUS]);
}

i64 change_action(SignalTable& table, int signal, const KernelSigaction* action,
                  KernelSigaction* old) {
  if (signal < 1 || signal > sys::kSignalCount) return -EINVAL;
  if (action != nullptr && (signal == SIGKILL || signal == SIGSTOP)) return -EINVAL;
  const sys::Held held(table.lock);
  const KernelSigaction before = table.actions[signal];
  if (action != nullptr) {
    // Before the kernel may call our handler for it, the table must know where to go.
    table.actions[signal] = *action;
    table.actions[signal].mask &= ~(sys::signal_bit(SIGKILL) | sys::signal_bit(SIGSTOP));
    if (const i64 error = install(signal, *action); sys::is_error(error)) {
      table.actions[signal] = before;
      return error;
    }
  }
  if (old != nullptr) *old = before;
  return 0;
}

void reset_kernel_action(int signal) {
  const KernelSigaction dfl{};
  kernel_sigaction(signal, &dfl, nullptr);
}

void restore_ignored_actions(SignalTable& table) {
  for (const int signal : {SIGSEGV, SIGBUS}) {
    if (table.actions[signal].handler == sys::kSigIgn) {
      kernel_sigaction(signal, &table.actions[signal], nullptr);
    }
  }
}

void retake_actions(SignalTable& table) {
  for (const int signal : {SIGSEGV, SIGBUS}) {
    if (table.actions[signal].handler == sys::kSigIgn) install(signal, table.actions[signal]);
  }
}

void install_signal_stack(const ThreadState& thread) {
  stack_t stack{};
  stack.ss_sp = reinterpret_cast<void*>(thread.signal_stack);
  stack.ss_size = thread.signal_stack_bytes;
  sys::call(__NR_sigaltstack, &stack, 0);
}

}  // namespace tiptoe::engine
