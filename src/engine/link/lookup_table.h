// A direct-mapped table from the low bits of an app pc to a place in the cache.
//
// There are two: one for returns, one for indirect jumps and calls. Emitted code reads it without a
// compare and without touching flags:
//
//     mov  ecx, <low 32 bits of the target>
//     mov  rdx, gs:[table]                      ; the address of the miss routine
//     mov  rcx, [rdx + rcx*8 + kTableOffset]    ; the entry: landing - miss routine
//     lea  rcx, [rcx + rdx]                     ; an empty entry (0) gives the miss routine itself
//
// The landing verifies that it was the right one, so entries may be stale or shared. 2^32 entries
// are reserved and hardly any committed: a smaller index makes real programs collide, and a
// collision costs a mispredicted return. Where address space is limited (RLIMIT_AS) 2^16 entries
// serve.
#pragma once

#include "engine/types.h"

namespace tiptoe::engine {

class LookupTable {
 public:
  static constexpr i32 kTableOffset = 4096;

  // Reserves the table and writes the miss routine, `jmp gs:[miss_entry_offset]`. With `small`, or
  // when the large one cannot be had, the index has 16 bits.
  bool init(bool small, u32 miss_entry_offset);

  u64 address() const { return miss_; }
  bool has_wide_index() const { return wide_; }

  void set(AppPc target, CachePc landing);
  // Empties the entry of `target` when it leads to `landing`.
  void clear(AppPc target, CachePc landing);

 private:
  i64* slot(AppPc target) const {
    const u64 index = wide_ ? static_cast<u32>(raw(target)) : static_cast<u16>(raw(target));
    return reinterpret_cast<i64*>(miss_ + kTableOffset) + index;
  }
  u64 miss_ = 0;
  bool wide_ = false;
};

}  // namespace tiptoe::engine
