// Per-thread state of the runtime, reached through gs while a thread is in the code cache.
//
// Emitted code and gate.S use the fields by their offsets; the offsets that gate.S needs are
// repeated there and checked below. The app's own gs base lives in `app_gs_base`.
#pragma once

#include <cstddef>

#include "bridge/shared_memory.h"
#include "engine/types.h"

namespace tiptoe::engine {

struct Core;
struct ThreadState;

// The program's general-purpose registers, flags and pc, when they are not in the machine.
struct Context {
  u64 gpr[16];
  u64 rflags;
  AppPc pc;
};

// Slots in which emitted code parks program registers. Each has one purpose, so that no two
// sequences that may be nested use the same slot.
enum class Spill : u8 {
  kBranch,    // rcx of an indirect branch until the landing; of a return until the transfer
  kBranch2,   // rdx in a lookup
  kRelocate,  // scratches of a relocated instruction
  kRelocate2,
  kCheck,  // scratches of the comparison of a block with its app bytes
  kCheck2,
  kStolen,  // the program's register that recording keeps its cursor in
  kCount,
};

// What a clone, clone3, fork or vfork makes.
struct CloneKind {
  bool shares_memory;
  bool shares_signals;  // the table of actions
  bool is_thread;       // of the same process
  bool is_vfork;        // the parent waits until the child is gone
  bool clears_signals;  // handlers become SIG_DFL
  bool lends_locks;     // those that are held across a fork
};

// Fault signals that somebody sent, one of each kind (see thread/kept_faults.h).
constexpr unsigned kFaultKinds = 5;
struct KeptSignals {
  u32 state[kFaultKinds];
  alignas(16) u8 info[kFaultKinds][128];
};

// See syscall/user_dispatch.h.
struct UserDispatch {
  u64 start, length;  // calls from here are allowed
  u64 selector;       // address of the byte that allows the others, too; 0: none
  u64 on;
};

// A fault of the program's that the runtime has met in its place, at a copy of its memory or in an
// instruction that it executes for it. See signal/met_fault.h.
struct MetFault {
  i32 signal, code;  // 0: none
  u64 address, trap, error;
};

// 32-bit code that the thread is in: see dispatch/compatibility_code.h.
struct CompatibilityCode {
  u16 cs;  // its selector; 0: the thread is in 64-bit code
  u16 ss;
  bool app_tf;    // the trap flag as the program has it; in the machine it is set
  u8 lengths[2];  // of the instructions of the step that is under way; 0: none
  bool pushes_flags, loads_flags, repeats;  // what they do
  u64 pc;
  u8 bytes[32];
};

struct ThreadState {
  ThreadState* self;  // gs:0
  u64 spill[static_cast<unsigned>(Spill::kCount)];
  u64 return_table;  // addresses of the lookup tables
  u64 indirect_table;
  u64 target;      // of an indirect jump or call, until the thread has arrived
  u64 enter_exit;  // gate.S entry points, for `jmp gs:[...]` from anywhere in the cache
  u64 enter_indirect;
  u64 enter_return_miss;
  u64 enter_syscall;
  u64 enter_emulate;
  u64 app_gs_base;
  u32 exit_index;              // which exit brought the thread to the dispatcher
  u32 pending;                 // how many signals wait in `held`
  Context context;             // valid while the thread is in the runtime
  u64 runtime_stack;           // top of the runtime's own stack for this thread
  u64 resume_at;               // where gate.S goes on
  u64 resume_cursor_register;  // what kCursorRegister holds there
  ThreadState* parent;         // while a new thread is being made: who makes it
  u32 in_use;                  // how many threads use the state; 0: it may be taken for a new one
  u32 recording;               // its code keeps the event cursor in a register
  u32 silent;                  // nothing of it is wanted: its words go nowhere
  u32 legacy_call;             // the system call that is being made comes by int 0x80

  u64 far_frame[5];  // for iretq: rip, cs, flags, rsp, ss
  u64 app_fs_base;   // the program's, while fs has that of its gs: ParkedState::fs_is_gs

  // Below: used by C++ only, but for the first.
  u64 enter_check_point;  // gate.S entry point, in check mode
  u64 enter_compatibility_code;
  Core* core;
  ThreadState* next;  // list of all threads' states (under the lock)
  i32 tid;
  u32 process;  // ProcessDefinition::process of the thread's process
  u32 stream;   // flow stream number, 0 when nothing is recorded

  CloneKind clone_kind;  // of the call that made this thread

  // What to do when the system call under way has been made; nullptr: nothing. Set by its wrapper.
  void (*after_syscall)(Core&, ThreadState&);
  u32 fault_due;      // it holds Core::fault_on_the_way
  u32 exec_prepared;  // see thread/exec_request.h
  Request* exec_request;

  // The epoch in which the thread was last given an address in the cache; 0: it holds none. See
  // docs/CACHE.md.
  u64 cache_epoch;

  // Flow recording.
  u64 window;         // address of the event window (a chunk, then a guard page); 0: none
  u64 dropped_words;  // that the stream must tell of when there is a chunk again
  u64 cursor;         // next word, while the thread is in the runtime
  u32 chunk;          // index of the chunk in the window; ~0: the words are dropped
  u32 chunk_sequence;
  u32 call_trapped;      // tiptoe_app_syscall() or the making of a thread ended in SIGSYS
  u32 strict_seccomp;    // see syscall/seccomp.h
  u32 syscall_recorded;  // bytes last stored about the system call that is to be made
  UserDispatch user_dispatch;
  CompatibilityCode compatibility;

  // Signals: see signal/.
  u64 app_mask;        // the program's signal mask, as it believes it to be
  u64 temporary_mask;  // what stands for it within the call that is to be made (sigsuspend...)
  u32 has_temporary_mask;
  u32 waits_for_fault;  // the call is a sigtimedwait for a fault signal
  u32 exact_mask;       // the kernel's mask is the program's, fault signals included: in its calls
  u64 signal_stack;     // our alternate signal stack
  u64 signal_stack_bytes;
  u64 altstack_base;  // the program's alternate signal stack
  u64 altstack_bytes;
  u32 altstack_flags;
  // Restartable sequences: see translate/rseq.h.
  u64 rseq_area;         // the program's struct rseq; 0: none is registered
  u64 rseq_saves[6];     // the scratch registers at the start of the section
  u64 enter_rseq_abort;  // gate.S entry point

  // Single steps of a program that sets the trap flag: see signal/step.h.
  u64 step_from;  // the app pc that has not been executed yet; 0: not known
  u64 step_at;    // where in its block the last trap was; 0: on the way there

  u64 trap_number, trap_error, trap_address;  // of the program's last fault, as frames show them
  MetFault met_fault;
  static constexpr u32 kMaxHeld = 8;   // one that was sent, and each of the fault signals once
  alignas(16) u8 held[kMaxHeld][128];  // siginfo of the signals that wait for a window of the gate
  KeptSignals kept_faults;             // thread-directed
  struct SignalTable* signals;         // shared by the threads of a process
};

// The process that was started by the command itself, or that has replaced it by execve.
constexpr u32 kFirstProcess = 1;

constexpr u32 spill_offset(Spill slot) {
  return static_cast<u32>(offsetof(ThreadState, spill)) + 8u * static_cast<u32>(slot);
}

// gate.S repeats these.
static_assert(offsetof(ThreadState, self) == 0);
static_assert(spill_offset(Spill::kBranch) == 8);
static_assert(spill_offset(Spill::kStolen) == 56);
static_assert(offsetof(ThreadState, return_table) == 64);
static_assert(offsetof(ThreadState, target) == 80);
static_assert(offsetof(ThreadState, pending) == 140);
static_assert(offsetof(ThreadState, context) == 144);
static_assert(offsetof(ThreadState, context.rflags) == 272);
static_assert(offsetof(ThreadState, context.pc) == 280);
static_assert(offsetof(ThreadState, runtime_stack) == 288);
static_assert(offsetof(ThreadState, resume_at) == 296);
static_assert(offsetof(ThreadState, resume_cursor_register) == 304);
static_assert(offsetof(ThreadState, parent) == 312);
static_assert(offsetof(ThreadState, in_use) == 320);
static_assert(offsetof(ThreadState, legacy_call) == 332);
static_assert(offsetof(ThreadState, far_frame) == 336);

}  // namespace tiptoe::engine
