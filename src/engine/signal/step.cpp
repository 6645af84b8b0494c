#include "engine/signal/step.h"

#include "base/memory.h"
#include "engine/thread/signal_table.h"

namespace tiptoe::engine {
namespace {

constexpr u64 kDebugException = 1;

// Fault signals that somebody sends may come and wait behind it.
siginfo_t& held_step(ThreadState& thread) {
  return *reinterpret_cast<siginfo_t*>(thread.held[0]);
}

}  // namespace

bool has_stepped(ThreadState& thread, const StoppedThread& stopped, u64 machine_pc) {
  if (stopped.where == Where::kApp) return true;
  // In the gate and the runtime the program does not move; what it has done there shows when it
  // arrives in the cache.
  if (stopped.where != Where::kCache) {
    thread.step_at = 0;
    return false;
  }
  const u64 pc = raw(stopped.app.context.pc);
  if (thread.step_from == 0) {  // the flag was just set by popf, which is the last of its block
    thread.step_from = pc;
    thread.step_at = 0;
    return false;
  }
  // Executed, and at the same pc again: a string instruction that is repeated, a branch to itself.
  const bool left_again = thread.step_at != 0 && stopped.app.left_block;
  const bool repeated = thread.step_at == machine_pc;
  if (pc == thread.step_from && !left_again && !repeated) {
    thread.step_at = stopped.app.left_block ? 0 : machine_pc;
    return false;
  }
  thread.step_at = 0;
  return true;
}

bool hold_step(ThreadState& thread) {
  set_kernel_mask(~sys::SignalSet{0});
  const bool is_first = thread.pending == 0;
  if (is_first) {
    siginfo_t& step = held_step(thread);
    memset(&step, 0, sizeof step);
    step.si_signo = SIGTRAP;
    step.si_code = TRAP_TRACE;
    thread.pending = 1;
  }
  set_kernel_mask(kBlockedWhileHeld);
  return is_first;
}

void finish_step(ThreadState& thread) {
  held_step(thread).si_addr = reinterpret_cast<void*>(raw(thread.context.pc));
  thread.trap_number = kDebugException;
  thread.trap_error = 0;
}

void forget_step(ThreadState& thread) {
  set_kernel_mask(~sys::SignalSet{0});
  --thread.pending;
  for (u32 i = 0; i < thread.pending; ++i) {
    memcpy(thread.held[i], thread.held[i + 1], sizeof thread.held[i]);
  }
  apply_app_mask(thread);
}

}  // namespace tiptoe::engine
