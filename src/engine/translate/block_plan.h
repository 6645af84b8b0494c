// What a block will be, before any code is emitted: its instructions and the ways out.
#pragma once

#include "engine/cache/block_table.h"
#include "engine/relocate/relocate.h"
#include "engine/translate/rseq.h"
#include "engine/trust/address_space.h"

namespace tiptoe::engine {

constexpr unsigned kMaxBlockInsns = 64;
constexpr unsigned kMaxBlockExits = 12;

// The 32-bit way into the kernel.
inline bool is_int80(const x86::Insn& insn) {
  return insn.flow == x86::Flow::kInt && (insn.imm & 0xff) == 0x80;
}

// A way out in planning: becomes an Exit. Recorded ones come first and in program order.
struct PlannedExit {
  ExitKind kind;
  AppPc target;
  u16 instruction;
  Entry role;
};

struct BlockPlan {
  AppPc start;
  u32 app_bytes = 0;
  unsigned insn_count = 0;
  unsigned exit_count = 0;   // recorded exits
  bool has_landing = false;  // the block ends with a real call
  bool checked = false;      // the code may change without our seeing it
  AppInsn insns[kMaxBlockInsns];
  PlannedExit exits[kMaxBlockExits];
  u8 bytes[kMaxBlockInsns * x86::kMaxInsnBytes];
};

struct PlanOptions {
  bool cursor_stolen;     // recording keeps its cursor in a register
  bool has_fsgsbase;      // fs can be given another base
  bool real_calls;        // calls have landings
  bool ends_at_branches;  // who enters a block executes all of it, but for faults
  i32 trust_threshold;
};

// Reads and decodes from `pc` until the block ends, at the latest where another begins: a call that
// stands in two blocks has two landings, and the table of returns knows one. False when not even
// one instruction can be fetched there: executing it must fault.
// Descriptors of restartable sequences that it comes across become known to `rseq`.
bool plan_block(const sys::Held& held, const AddressSpace& space, const BlockTable& blocks,
                RseqSections& rseq, AppPc pc, const PlanOptions& options, BlockPlan& plan);

}  // namespace tiptoe::engine
