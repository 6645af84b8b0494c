// A thread that was stopped anywhere at all: where is it, and what is the program's state there?
//
// This is the one answer for whoever interrupts a thread: signals and faults today; detaching and
// profilers ask the same. It changes nothing and takes no lock. docs/SIGNALS.md has the table of
// all places; docs/MASTER_TEST.md says how it is held against the processor itself.
#pragma once

#include "engine/translate/core.h"

namespace tiptoe::engine {

enum class Where : u32 {
  kCache,          // in translated code
  kNoAddress,      // the same, on the way to an address that is none: the branch will have faulted
  kContext,        // in a window of the gate: the program's state is in the context
  kBeforeSyscall,  // the same, in the window before a system call
  kSyscallDone,    // right behind the system call: its result is in rax
  kRaise,          // the gate asks for the delivery of the pending signal
  kRseqAbort,      // aborted by the kernel in a restartable sequence
  kAppCall,        // C++ is about to make a system call of the program's
  kSafeCopy,       // in an access to the program's memory that may fail
  kRuntime,        // anywhere else in the runtime
  kApp,            // at the program's own code, where a fault is due
};

struct StoppedThread {
  Where where;
  const Piece* piece;  // kCache, kNoAddress
  AppState app;        // meaningless in kNoAddress, kAppCall, kSafeCopy and kRuntime
};

// Only where it is: reads nothing but the place.
Where where_is(const Core& core, u64 machine_pc);

// Whether the program's state is known there, so that the thread could be taken away.
constexpr bool has_app_state(Where where) {
  return where != Where::kNoAddress && where != Where::kAppCall && where != Where::kSafeCopy &&
         where != Where::kRuntime;
}

// `machine` are the registers it was stopped with (their pc is not looked at), `machine_pc` the
// place. Safe in a signal handler; a fault inside a window is for the caller to know.
StoppedThread stopped_thread(const Core& core, const ThreadState& thread, const Context& machine,
                             u64 machine_pc);

// The program's state when the system call at context.pc has been made with this result. `legacy`:
// by int 0x80, which changes no register but rax.
Context behind_syscall(const Context& context, i64 result, bool legacy);

}  // namespace tiptoe::engine
