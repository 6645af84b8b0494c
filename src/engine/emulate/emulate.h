// Instructions that are neither copied nor rewritten: the runtime executes them on the program's
// behalf.
//
// Each function is given the program's state before the instruction, pc included, and leaves it as
// behind it. An instruction that must fault is not executed here: the thread is sent to it, so that
// the processor raises the fault that the program is due.
#pragma once

#include "engine/dispatch/dispatch.h"

namespace tiptoe::engine {

// One instruction of the program, decoded, and the thread that is to execute it.
struct Emulation {
  Core& core;
  ThreadState& thread;
  const x86::Insn& insn;

  Context& context() const { return thread.context; }
  AppPc next_pc() const { return thread.context.pc + insn.length; }
  // Bytes of an operand whose size follows the prefixes, 4 by default.
  unsigned operand_bytes() const { return insn.rex_w ? 8 : insn.operand_size_prefix ? 2 : 4; }
};

enum class Emulated {
  kDone,     // the context is as behind the instruction
  kFaults,   // it faults: nothing was changed
  kRefused,  // the engine cannot do it
};

// ljmp, lcall, retf, iret.
Emulated emulate_far(const Emulation& e);
// mov, pop, lgs: gs gets a selector.
Emulated emulate_gs_load(const Emulation& e);
// fnstenv, fnsave, fxsave, xsave: the x87 instruction pointer that they store is the program's.
Emulated emulate_x87_store(const Emulation& e);

}  // namespace tiptoe::engine
