// What the runtime says of a thread that was stopped by a debugger: see runtime/inspect.cpp.
#pragma once

#include "base/types.h"

namespace tiptoe {

constexpr char kInspectSymbol[] = "tiptoe_inspect";

// Where the thread was stopped, and the registers it was stopped with.
struct MachineState {
  u64 gpr[16];  // rax rcx rdx rbx rsp rbp rsi rdi r8..r15
  u64 rflags;
  u64 pc;
};

struct Inspection {
  u32 known;  // 0: the program's state is not known there (the runtime is at work)
  u32 where;  // engine::Where
  MachineState app;
  u64 app_gs_base;
  u64 app_fs_base;  // if fs_is_gs; else it is in the machine
  u32 fs_is_gs;     // fs serves for the program's gs just now
};

}  // namespace tiptoe
