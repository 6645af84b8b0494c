#include "engine/thread/signal_table.h"

#include <asm/errno.h>

#include "engine/context/gate.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

using sys::KernelSigaction;

constexpr u64 kPassedFlags = SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT;
constexpr u64 kSaExposeTagbits = 0x800;
// The kernel forgets flags that it does not know.
constexpr u64 kKnownFlags = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART |
                            SA_NODEFER | SA_RESETHAND | kSaExposeTagbits | sys::kSaRestorer;
// Their default is a core dump. (SIGABRT and its like; fault signals are ours anyway.)
constexpr sys::SignalSet kDumpingSignals = sys::signal_bit(SIGQUIT) | sys::signal_bit(SIGABRT) |
                                           sys::signal_bit(SIGXCPU) | sys::signal_bit(SIGXFSZ) |
                                           sys::signal_bit(SIGSYS);

i64 kernel_sigaction(int signal, const KernelSigaction* action, KernelSigaction* old) {
  return sys::call(__NR_rt_sigaction, signal, action, old, sizeof(sys::SignalSet));
}

bool is_ours(int signal, u64 app_handler) {
  if (app_handler > sys::kSigIgn || is_fault_signal(signal)) return true;
  return app_handler == sys::kSigDfl && (kDumpingSignals & sys::signal_bit(signal)) != 0;
}

// Our handler begins with everything blocked, so that a storm of fault signals cannot nest in it
// without end. Where it goes on to read the program's memory it unblocks them.
KernelSigaction our_action(const KernelSigaction& app) {
  return {reinterpret_cast<u64>(&tiptoe_signal_entry),
          SA_SIGINFO | SA_ONSTACK | sys::kSaRestorer | (app.flags & kPassedFlags),
          reinterpret_cast<u64>(&tiptoe_signal_restorer), ~sys::SignalSet{0}};
}

i64 install(int signal, const KernelSigaction& app) {
  const KernelSigaction ours = our_action(app);
  return kernel_sigaction(signal, is_ours(signal, app.handler) ? &ours : &app, nullptr);
}

template <typename Visit>
void for_each_ignored_fault(const SignalTable& table, Visit visit) {
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}) {
    if (is_ignored(table, signal)) visit(signal);
  }
}

}  // namespace

sys::SignalSet running_mask(const ThreadState& thread) {
  const bool signal_waits = __atomic_load_n(&thread.pending, __ATOMIC_RELAXED) != 0;
  return signal_waits ? kBlockedWhileHeld : kernel_mask(thread.app_mask);
}

void set_kernel_mask(sys::SignalSet mask) {
  sys::call(__NR_rt_sigprocmask, SIG_SETMASK, &mask, 0, sizeof mask);
}

void apply_app_mask(ThreadState& thread) {
  const sys::SignalSet waiting = kBlockedWhileHeld, mask = kernel_mask(thread.app_mask);
  // What waits has blocked all others, but the caller may have blocked even more.
  if (__atomic_load_n(&thread.pending, __ATOMIC_RELAXED) != 0) return set_kernel_mask(waiting);
  tiptoe_set_mask(&mask);
}

bool change_app_mask(ThreadState& thread, sys::SignalSet mask) {
  const sys::SignalSet in_kernel = kernel_mask(mask);
  if (tiptoe_set_mask(&in_kernel) != 0) return false;
  thread.app_mask = mask;
  return true;
}

void apply_exact_mask(ThreadState& thread) {
  if (thread.exact_mask != 0 || thread.signals->faults_are_sent == 0) return;
  sys::SignalSet mask = thread.app_mask;
  for_each_ignored_fault(*thread.signals, [&](int signal) { mask |= sys::signal_bit(signal); });
  if ((mask & kFaultSignals) == 0) return;
  thread.exact_mask = 1;  // before it is: the handler undoes it
  tiptoe_set_mask(&mask);
  if (__atomic_load_n(&thread.pending, __ATOMIC_RELAXED) == 0) give_back_faults(thread, mask);
}

void leave_exact_mask(ThreadState& thread) {
  if (thread.exact_mask == 0) return;
  thread.exact_mask = 0;
  apply_app_mask(thread);
}

void give_back_unblocked_faults(ThreadState& thread) {
  give_back_faults(thread, ~thread.app_mask);
}

sys::SignalSet current_kernel_mask() {
  sys::SignalSet mask = 0;
  sys::call(__NR_rt_sigprocmask, SIG_SETMASK, 0, &mask, sizeof mask);
  return mask;
}

void init_signal_table(SignalTable& table) {
  for (int signal = 1; signal <= sys::kSignalCount; ++signal) {
    kernel_sigaction(signal, nullptr, &table.actions[signal]);
    if (is_ours(signal, table.actions[signal].handler)) install(signal, table.actions[signal]);
  }
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
    table.actions[signal].flags &= kKnownFlags;
    table.actions[signal].mask &= ~(sys::signal_bit(SIGKILL) | sys::signal_bit(SIGSTOP));
    if (const i64 error = install(signal, *action); sys::is_error(error)) {
      table.actions[signal] = before;
      return error;
    }
  }
  if (old != nullptr) *old = before;
  return 0;
}

KernelSigaction take_action(SignalTable& table, int signal) {
  const sys::Held held(table.lock);
  const KernelSigaction action = table.actions[signal];
  if ((action.flags & SA_RESETHAND) != 0 && action.handler > sys::kSigIgn) {
    table.actions[signal].handler = sys::kSigDfl;
    install(signal, table.actions[signal]);
  }
  return action;
}

bool is_ignored(const SignalTable& table, int signal) {
  return __atomic_load_n(&table.actions[signal].handler, __ATOMIC_RELAXED) == sys::kSigIgn;
}

void reset_kernel_action(int signal) {
  const KernelSigaction dfl{};
  kernel_sigaction(signal, &dfl, nullptr);
}

void restore_ignored_actions(SignalTable& table) {
  for_each_ignored_fault(
      table, [&](int signal) { kernel_sigaction(signal, &table.actions[signal], nullptr); });
}

void retake_actions(SignalTable& table) {
  for_each_ignored_fault(table, [&](int signal) { install(signal, table.actions[signal]); });
}

void install_signal_stack(const ThreadState& thread) {
  stack_t stack{};
  stack.ss_sp = reinterpret_cast<void*>(thread.signal_stack);
  stack.ss_size = thread.signal_stack_bytes;
  sys::call(__NR_sigaltstack, &stack, 0);
}

}  // namespace tiptoe::engine
