// A program that single-steps itself: which of the processor's traps are the program's own.
//
// The trap flag is the program's in the cache as it would be natively, so the processor traps
// behind every instruction of the translated code and of the gate's ends. A trap is the program's
// when the state map says that the program has come further since the last one; all others are
// passed over. docs/SIGNALS.md, "The trap flag", says why this is exact.
#pragma once

#include <asm/siginfo.h>
#include <asm/signal.h>

#include "engine/dispatch/stopped_thread.h"

namespace tiptoe::engine {

inline bool is_step_trap(int signal, const siginfo_t& info) {
  return signal == SIGTRAP && info.si_code == TRAP_TRACE;
}

// Whether the program has executed an instruction since the last step. Remembers where it is when
// it has not.
bool has_stepped(ThreadState& thread, const StoppedThread& stopped, u64 machine_pc);

// An instruction that the runtime executes on the program's behalf is a step, too, which no trap of
// the processor tells. Before it: the step's trap is held, and with it everything else that comes,
// so that nothing is delivered in its place. False when a signal waits already, which is due before
// the instruction.
bool hold_step(ThreadState& thread);
// The instruction has been executed: its trap is delivered next, at context.pc.
void finish_step(ThreadState& thread);
// It has not.
void forget_step(ThreadState& thread);

}  // namespace tiptoe::engine
