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

}  // namespace tiptoe::engine
