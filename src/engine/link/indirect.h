// Indirect jumps and calls: an inline cache of one entry, then a lookup; the compare is at the
// landing.
//
// In the block (hot), with the target loaded into rcx and the program's rcx parked:
//
//     mov  dword gs:[exit_index], this exit
//     jmp  X          ; patchable. X = lookup stub (nothing cached), or the kIndirect entry of the
//     cached
//                     ; target, which compares and goes to the dispatcher when it is not the one
//
// Lookup stub (cold): reads the table and jumps to the entry it names; the entry compares again, so
// a stale or shared table entry does no harm.
#pragma once

#include "engine/link/link.h"
#include "engine/link/lookup_table.h"

namespace tiptoe::engine {

// Emits the lookup stub into `cold` and returns its address. In: target in rcx, program's rcx
// parked.
CachePc emit_lookup_stub(PieceWriter& cold, StateTable& states, const LookupTable& table,
                         u32 exit_ordinal, u32 instruction);

// Emits the patchable jump into `out` (hot for jumps, cold for calls, behind the dropped cache
// address).
void emit_cached_jump(PieceWriter& out, StateTable& states, Exit& exit, u32 exit_index,
                      u32 exit_ordinal);

}  // namespace tiptoe::engine
