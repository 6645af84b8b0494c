// 32-bit code in a 64-bit process (compatibility mode): far branches lead there and back.
//
// It is not translated. The thread executes the program's own code with the trap flag set, and our
// handler looks at each instruction before it is executed (signal/compatibility_step.h), until the
// thread is in 64-bit code again. docs/COMPATIBILITY_CODE.md has the whole of it.
#pragma once

#include "engine/context/thread_state.h"

namespace tiptoe::engine {

// Selectors of Linux.
constexpr u16 kUserCode = 0x33, kUserData = 0x2b, kCompatibilityCode = 0x23;

inline bool in_compatibility_code(const ThreadState& thread) {
  return thread.compatibility.cs != 0;
}

// The thread goes on at context.pc, which is in 32-bit code from now on.
void enter_compatibility_code(ThreadState& thread, u16 ss);

// Looks at the instruction at `pc`, which is executed next: what is told of it when it has been, is
// noted. False: it is `int 0x80`, which the thread must not execute.
bool may_step(ThreadState& thread, u64 pc);

// Makes the thread go on at context.pc.
void resume_in_compatibility_code(ThreadState& thread);

}  // namespace tiptoe::engine
