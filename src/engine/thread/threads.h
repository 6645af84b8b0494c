// Making, starting and ending the runtime's side of threads.
#pragma once

#include "engine/thread/signal_table.h"
#include "engine/translate/core.h"

namespace tiptoe::engine {

// A thread state with its stacks, from the list of those no longer in use or newly mapped.
// Everything that emitted code and the gate need is set; gs does not point to it yet.
ThreadState& allocate_thread(const sys::Held&, Core& core);

// Points gs at the state.
void set_gs(const Core& core, ThreadState& thread);

// The program loads a selector into gs, which is known not to fault. The selector is really loaded,
// because the program may read it back, and because only the processor knows what base its
// descriptor gives. That base becomes the program's, and gs leads to the thread state again. Needs
// has_fsgsbase().
void load_gs_selector(ThreadState& thread, u16 selector);

// The calling thread begins (in its own process if `process` is new): number, definitions, event
// window.
void begin_thread(Core& core, ThreadState& thread, u32 parent_stream);

// The calling thread ends, with its process or alone.
void end_thread(Core& core, ThreadState& thread);

// Before the system call: makes the child's state, as a copy of the parent's context, blocks all
// signals and points gs at it.
void prepare_clone(Core& core, ThreadState& parent, const CloneKind& kind);

}  // namespace tiptoe::engine
