#include "engine/signal/step.h"

namespace tiptoe::engine {

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

}  // namespace tiptoe::engine
