// Calls and returns: original return addresses on the program's stack, real call and ret in the
// cache.
//
// docs/RETURNS.md explains the scheme and what it costs. In short:
//
//   call site   push R                    ; R: the program's own return address
//               [record]
//               call <kDrop entry>        ; patchable; fills the processor's return predictor
//               jmp  <kDrop entry of R>   ; patchable: the landing, made when first returned to
//
//   ret         mov  gs:[s0], rcx
//               <lookup of the word on top of the stack: rcx = landing>
//               [record]
//               push rcx
//               mov  rcx, gs:[s0]
//               ret                       ; predicted; the landing drops R
#pragma once

#include "engine/link/indirect.h"
#include "engine/relocate/relocate.h"

namespace tiptoe::engine {

// Emits the push of the program's return address: one instruction for its low half, and one for the
// upper half where sign extension does not give it (from then on the machine's rsp is 8 less than
// the program's, and a fault is still the program's).
void emit_push_return_address(x86::Emitter& emit, AppPc return_address);
void emit_complete_return_address(x86::Emitter& emit, AppPc return_address);

// Emits the patchable real call to `exit` (role kDrop) and the landing behind it.
void emit_real_call(PieceWriter& hot, StateTable& states, Exit& exit, u32 exit_ordinal,
                    Exit& landing, u32 landing_ordinal);

// Emits the lookup of the landing for `ret`, up to but without the transfer; `emit_ret_transfer`
// then leaves. Between the two recording may put its word: the return can no longer fault. What the
// table does not have goes past both, to the dispatcher.
CachePc emit_ret_lookup(PieceWriter& hot, const RelocateContext& context, const AppInsn& app,
                        const LookupTable& table);
void emit_ret_transfer(PieceWriter& hot, PieceWriter& cold, const RelocateContext& context,
                       const AppInsn& app, CachePc behind_jrcxz, u32 exit_index);

// `ret imm16`, and all returns where tables are small: loads the target into rcx (the program's is
// parked); moving rsp and the jump itself are left to the caller, behind the record.
void emit_ret_target_load(PieceWriter& hot, const RelocateContext& context, const AppInsn& app);

}  // namespace tiptoe::engine
