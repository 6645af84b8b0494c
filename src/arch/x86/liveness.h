// Which registers and flags are dead before an instruction of a straight path: overwritten before
// anything reads them, whatever the path does.
//
// The path is a sequence of decoded instructions, each of which falls through to the next; the end
// of it, and every place where control may leave it, counts as reading everything. The answer is
// sound, not complete: what is not listed as dead may be dead all the same. The stack pointer is
// never dead, since a signal may arrive at any time and use it.
//
// Freestanding, no state. Cost: a few instructions for each Insn of the path.
#pragma once

#include <span>

#include "arch/x86/decode.h"

namespace tiptoe::x86 {

// Who could look at a register or flag.
enum class Observer : u8 {
  // Only the program's own later instructions. Right when the one who borrows the register or flag
  // can restore it before a signal handler sees the thread's state (parked registers), at every
  // instruction that may fault.
  kDataFlow,
  // Signal handlers as well: an instruction that may fault reads everything. Right for what is
  // lost when it is clobbered (flags that are not saved). Signals that are not faults are not
  // covered: they have to be delivered where the program's state is whole.
  kSignalHandlers,
};

struct Liveness {
  FlagSet dead_flags = 0;  // a subset of kStatusFlags and kDf
  GprSet dead_regs = 0;

  friend bool operator==(const Liveness&, const Liveness&) = default;
};

// Whether the instruction may raise an exception: a memory access, a division, a vector or x87
// operation, anything privileged, unknown or special.
[[nodiscard]] bool may_fault(const Insn& insn);

// What is dead before `insn`, given what is dead after it.
[[nodiscard]] Liveness before(const Insn& insn, Liveness after, Observer observer);

// What is dead before path[0].
[[nodiscard]] Liveness scan_forward(std::span<const Insn> path, Observer observer);

// What is dead before path[i], for every i: written to `out`, which is as long as the path.
void scan_all(std::span<const Insn> path, Observer observer, std::span<Liveness> out);

}  // namespace tiptoe::x86
