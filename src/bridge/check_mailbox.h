// How the runtime and the checker of `tiptoe run --check` meet: one mailbox in the control page.
//
// The runtime posts where the program stands and waits; the checker, outside, brings the native
// twin to the same place, compares, and acknowledges. One thread posts: the program's first.
//
//   state  kCheckIdle --runtime: fields filled in--> kCheckPosted --checker: done with them-->
//   kCheckIdle
//          a futex, shared; each side wakes the other after its change
//
// The checker ends the check by clearing `active`; the program then runs on by itself.
#pragma once

#include "bridge/shared_memory.h"

namespace tiptoe {

constexpr u64 kCheckMailboxOffset = 3072;  // from the start of the control page

enum CheckState : u32 { kCheckIdle = 0, kCheckPosted = 1 };

enum class CheckPost : u32 {
  kBlock = 1,          // about to execute `block` from its first instruction
  kBeforeSyscall = 2,  // at a system call instruction that has not been executed
  kAfterSyscall = 3,   // behind it
  kInterrupted = 4,    // at `pc`, perhaps in the midst of a block: signal number `signal` came
  kMoved = 5,  // the state was changed from outside the program: a signal handler is about to be
               // entered, or was left
};

struct CheckMailbox {
  u32 state;  // CheckState
  u32 active;
  i32 checker_pid;
  i32 tid;  // of the thread that posts
  CheckPost kind;
  u32 signal;    // kInterrupted
  u32 is_fault;  // kInterrupted: raised by the instruction at `pc`
  u32 reserved;

  // The program's state.
  u64 gpr[16];
  u64 rflags;
  u64 pc;
  u64 fs_base;  // 0 when it cannot be read cheaply
  u64 gs_base;

  // kBlock: the block, and where its emitted code is. The addresses are in the program's process.
  u64 block_pc;
  u32 block_bytes;
  u32 block_instructions;
  u64 hot_start;
  u64 cold_start;
  u32 hot_bytes;
  u32 cold_bytes;
};
static_assert(sizeof(ControlPage) <= kCheckMailboxOffset);
static_assert(kCheckMailboxOffset + sizeof(CheckMailbox) <= kPageBytes);

// With BootFlag::kBootPlantFault the translator leaves out every instruction with this immediate.
constexpr i64 kPlantedFaultImmediate = 0x7e57fa17;

}  // namespace tiptoe
