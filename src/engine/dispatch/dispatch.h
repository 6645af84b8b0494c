// The dispatcher: where a thread goes on when its way is not linked yet.
//
// Entered from gate.S with the machine's registers in the thread's context; leaves with `resume_at`
// set. Only something new comes here: an exit taken for the first time, a target not yet in a
// table.
#pragma once

#include "engine/translate/translate.h"

namespace tiptoe::engine {

// Makes the thread go on at context.pc (everything else of the context as it is): translates what
// is needed. When no instruction can be fetched there, it goes on natively at that very pc, so that
// the processor raises the fault that the program is due.
void resume_at_pc(Core& core, ThreadState& thread);
void resume_at_pc(const sys::Held& held, Core& core, ThreadState& thread);

// The same where the thread has left by an indirect branch (to be entered by kIndirect) or a return
// (kDrop), which is recorded: the next one finds its way by the table. The branch is taken back
// where context.pc is no address.
void arrive(Core& core, ThreadState& thread, const Exit& exit, Entry role);

// What a lookup found was another address's. When that happens too often the tables are salted.
void note_collision(Core& core, Entry role);

// The thread executes the program's own code at context.pc: only where that faults at once.
void resume_natively(ThreadState& thread);

// The same at a place in the cache where every program register is in itself but the stolen one.
void resume_in_cache(ThreadState& thread, CachePc pc);

// The system call at context.pc has been made with this result: the context is as behind it.
void finish_syscall(ThreadState& thread, i64 result);

// If the trap flag is set in the context: the next trap is due when the instruction at context.pc
// has been executed, not before (signal/step.h).
void begin_step(ThreadState& thread);

// For the trace: the program goes on at context.pc, because the kernel has aborted its section.
void record_rseq_abort(ThreadState& thread);

// The cursor leaves the stolen register when the thread enters the runtime: afterwards the context
// holds program values only.
void take_cursor(ThreadState& thread);

// The thread state that gs points to. Only where gs is known to be the runtime's.
inline ThreadState& this_thread() {
  ThreadState* thread;
  asm("mov %%gs:0, %0" : "=r"(thread));
  return *thread;
}

}  // namespace tiptoe::engine
