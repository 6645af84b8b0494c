// The registers of a signal frame beside those of a Context.
#pragma once

#include "engine/context/thread_state.h"
#include "sys/signal_frame.h"

namespace tiptoe::engine {

// visit(field of sc, register of context), for each but the pc.
template <typename Visit>
void for_each_register(struct sigcontext& sc, Context& context, Visit visit) {
  visit(sc.rax, context.gpr[0]);
  visit(sc.rcx, context.gpr[1]);
  visit(sc.rdx, context.gpr[2]);
  visit(sc.rbx, context.gpr[3]);
  visit(sc.rsp, context.gpr[4]);
  visit(sc.rbp, context.gpr[5]);
  visit(sc.rsi, context.gpr[6]);
  visit(sc.rdi, context.gpr[7]);
  visit(sc.r8, context.gpr[8]);
  visit(sc.r9, context.gpr[9]);
  visit(sc.r10, context.gpr[10]);
  visit(sc.r11, context.gpr[11]);
  visit(sc.r12, context.gpr[12]);
  visit(sc.r13, context.gpr[13]);
  visit(sc.r14, context.gpr[14]);
  visit(sc.r15, context.gpr[15]);
  visit(sc.eflags, context.rflags);
}

}  // namespace tiptoe::engine
