// A thread's registers as ptrace gives them, in the order that the runtime uses.
#pragma once

#include "bridge/inspection.h"
#include "tools/master_stepper/task.h"

namespace tiptoe::master {

inline MachineState machine_state(const Registers& r) {
  return {{r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi, r.r8, r.r9, r.r10, r.r11, r.r12,
           r.r13, r.r14, r.r15},
          r.eflags,
          r.rip};
}

}  // namespace tiptoe::master
