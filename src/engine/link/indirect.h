// The lookup by which indirect jumps, calls and returns find their place in the cache.
//
//     mov  gs:[s1], rdx
//     mov  ecx, <low half of the target>     ; the program's rcx is parked already
//     mov  rdx, gs:[table]
//     mov  rcx, [rdx+rcx*8]
//     jrcxz miss                             ; not taken but for what is new
//     mov  edx, <upper half of the target>
//     bswap rdx
//     lea  rcx, [rcx+rdx]                    ; the place; or, for another target, no address at all
//     mov  rdx, gs:[s1]
//     <the transfer to rcx>
//   miss:
//     jmp  gs:[...]                          ; to the dispatcher
//
// (A salted table takes the upper half into the index, too.)
//
// The target stands on the stack (returns), or in the thread state (jumps and calls), where it
// stays until the thread has arrived. No flag is touched. There is no inline cache in front: it
// would have to compare 64 bits without flags, which costs more than the lookup, and the processor
// predicts the one indirect jump of each site as well as natively.
#pragma once

#include "engine/link/link.h"
#include "engine/link/lookup_table.h"

namespace tiptoe::engine {

// Where the target stands: at [rsp + offset], or at gs:[offset] and in rcx.
struct LookupOperand {
  bool on_stack;
  u32 offset;
};

// Emits the lookup into `out`, up to but without the transfer. `mark(parked registers)` is called
// before each instruction that finds the registers elsewhere than the one before. Returns the
// address behind the `jrcxz`, for aim_lookup_miss().
template <typename Mark>
CachePc emit_lookup(x86::Emitter& emit, const LookupTable& table, u32 table_offset,
                    LookupOperand target, Mark mark) {
  using x86::kRcx;
  using x86::kRdx;
  const auto load_half = [&](x86::Gpr r, u32 half) {
    target.on_stack ? emit.mov_r32_mem(r, x86::kRsp, static_cast<i32>(target.offset + half))
                    : emit.mov_r32_gs(r, target.offset + half);
  };
  mark(false);
  emit.mov_gs_r(spill_offset(Spill::kBranch2), kRdx);
  mark(true);
  target.on_stack ? load_half(kRcx, 0) : emit.mov_r32_r32(kRcx, kRcx);
  if (!table.has_wide_index()) emit.movzx_r32_r16(kRcx, kRcx);
  if (table.is_salted()) {
    load_half(kRdx, 4);
    emit.bswap_r32(kRdx);
    emit.lea_sum_r32(kRcx, kRcx, kRdx);
  }
  emit.mov_r_gs(kRdx, table_offset);
  emit.mov_r_mem_index8(kRcx, kRdx, kRcx);
  emit.jrcxz_short(0);
  const CachePc behind_jrcxz = emit.here();
  if (table.has_wide_index()) {
    load_half(kRdx, 4);
    emit.bswap_r(kRdx);
    emit.lea_sum(kRcx, kRcx, kRdx);
  }
  emit.mov_r_gs(kRdx, spill_offset(Spill::kBranch2));
  mark(false);
  return behind_jrcxz;
}

// A target that the table does not have goes on here, with rcx and rdx parked.
inline void aim_lookup_miss(const x86::Emitter& emit, CachePc behind_jrcxz) {
  x86::Emitter(behind_jrcxz + -1).imm8(static_cast<u8>(emit.here() - behind_jrcxz));
}

}  // namespace tiptoe::engine
