// Per-thread state of the runtime, reached through gs while a thread is in the code cache.
//
// Emitted code and gate.S use the fields by their offsets; the offsets that gate.S needs are repeated
// there and checked below. The app's own gs base lives in `app_gs_base`.
#pragma once

#include <cstddef>

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

// Slots in which emitted code parks program registers. Each has one purpose, so that no two sequences
// that may be nested use the same slot.
enum class Spill : u8 {
  kBranch,     // rcx of an indirect branch or return, until the landing
  kBranch2,    // second and third scratch of the lookups
  kBranch3,
  kRelocate,   // scratches of a relocated instruction
  kRelocate2,
  kCheck,      // scratches of the comparison of a block with its app bytes
  kCheck2,
  kStolen,     // the program's register that recording keeps its cursor in
  kCount,
};

struct ThreadState {
  ThreadState* self;          // gs:0
  u64 spill[static_cast<unsigned>(Spill::kCount)];
  u64 return_table;           // address of the returns table's miss routine; the table follows it
  u64 indirect_table;         // the same for indirect branches
  u64 jump_target;            // where a `jmp gs:[jump_target]` goes
  u64 enter_exit;             // gate.S entry points, for `jmp gs:[...]` from anywhere in the cache
  u64 enter_indirect;
  u64 enter_return;
  u64 enter_syscall;
  u64 enter_emulate;
  u64 app_gs_base;
  u32 exit_index;             // which exit brought the thread to the dispatcher
  u32 pending;                // non-zero: a signal waits in `pending_info`
  Context context;            // valid while the thread is in the runtime
  u64 runtime_stack;          // top of the runtime's own stack for this thread
  CachePc resume_at;          // where gate.S goes on

  // Below: used by C++ only.
  Core* core;
  ThreadState* next;          // list of all threads' states (under the lock)
  i32 tid;
  u32 stream;                 // flow stream number, 0 when nothing is recorded
  u64 memory;                 // the mapping that holds this state and the stacks
  u64 memory_bytes;

  // Flow recording.
  u64 window;                 // address of the event window (a chunk, then a guard page); 0: none
  u64 cursor;                 // next word, while the thread is in the runtime
  u32 chunk;                  // index of the chunk in the window; ~0: the words are dropped
  u32 chunk_sequence;

  // Signals.
  u64 app_mask;               // the program's view of its signal mask
  u64 signal_stack;           // our alternate signal stack
  u64 signal_stack_bytes;
  struct {
    u64 base;
    u64 bytes;
    u32 flags;
  } app_altstack;
  alignas(16) u8 pending_info[128];  // siginfo of the pending signal
  u64 pending_mask_restore;
  u64 segv_pending;           // bit SIGSEGV/SIGBUS: sent while the program blocks them

  // A recoverable access to the program's memory is under way: see sys-level copy in signal/fault.cpp.
  u64 child_start_pc;
  bool is_vfork_child;
  void* signal_table;         // SignalTable shared by the threads of a process
};

constexpr u32 spill_offset(Spill slot) {
  return static_cast<u32>(offsetof(ThreadState, spill)) + 8u * static_cast<u32>(slot);
}

// gate.S repeats these.
static_assert(offsetof(ThreadState, self) == 0);
static_assert(spill_offset(Spill::kBranch) == 8);
static_assert(spill_offset(Spill::kStolen) == 64);
static_assert(offsetof(ThreadState, return_table) == 72);
static_assert(offsetof(ThreadState, jump_target) == 88);
static_assert(offsetof(ThreadState, pending) == 148);
static_assert(offsetof(ThreadState, context) == 152);
static_assert(offsetof(ThreadState, context.rflags) == 280);
static_assert(offsetof(ThreadState, context.pc) == 288);
static_assert(offsetof(ThreadState, runtime_stack) == 296);
static_assert(offsetof(ThreadState, resume_at) == 304);

}  // namespace tiptoe::engine
