// Copying one instruction to another place without changing what it does.
//
// Most instructions are copied byte for byte. The rules in relocate.cpp, one line each, cover those
// whose meaning depends on where they stand (RIP-relative operands), on a register that recording
// has stolen, or on the program's gs base, which the engine keeps in memory because gs holds the
// thread state. Branches, returns and system calls end a block and are not handled here.
#pragma once

#include "arch/x86/rewrite.h"
#include "engine/cache/code_cache.h"

namespace tiptoe::engine {

// One decoded app instruction within the block being translated.
struct AppInsn {
  std::span<const u8> bytes;
  x86::Insn insn;
  AppPc pc;
  u16 app_offset;  // from the start of the block
  u16 index;
};

struct RelocateContext {
  StateTable& states;
  bool cursor_stolen;       // kCursorRegister belongs to recording
  bool has_fsgsbase;        // fs can be given another base
  x86::GprSet avoided = 0;  // not to be borrowed, if others are to be had
};

// Whether relocate() can carry the instruction out. When not, the block must end before it and the
// runtime emulate it.
bool can_relocate(const AppInsn& app, bool cursor_stolen, bool has_fsgsbase);

// Emits the equivalent of `app` and notes the state of every byte. Leaves all program registers,
// flags and memory as the instruction itself would.
void relocate(const RelocateContext& context, const AppInsn& app, PieceWriter& out);

// Emits `mov to, operand` for the r/m operand of an indirect branch, as part of it: every byte is
// in the state before the instruction, a fault is the program's. `to_parked` says where the
// program's value of `to` was put by the caller.
void relocate_operand_load(const RelocateContext& context, const AppInsn& app, x86::Gpr to,
                           Parked to_parked, PieceWriter& out);

}  // namespace tiptoe::engine
