// A direct-mapped table from an app pc to a place in the cache.
//
// There are two: one for returns, one for indirect jumps and calls. Emitted code reads it without a
// compare and without touching flags; see emit_lookup(). The low 32 bits of the pc are the index.
// The upper 32 are verified by the transfer itself: an entry holds
//
//     place - spread(upper half of the pc)          spread: its bytes reversed, in the upper half
//
// and the code that reads it adds what it finds in the pc at hand. For the pc that the entry was
// made for that gives the place. For another with the same low half it gives an address that is
// none: the upper halves of two canonical user addresses differ in their low 15 bits, so the sums
// differ in the upper 16 bits of the address. The transfer then faults, and the handler sends the
// thread to the dispatcher. An empty entry is zero, and is found by `jrcxz`.
//
// 2^32 entries are reserved and hardly any committed: a smaller index makes real programs collide.
// Where address space is limited (RLIMIT_AS) 2^16 entries serve; then entries are plain, the place
// compares, and returns go the way of indirect jumps (docs/RETURNS.md).
#pragma once

#include "engine/context/thread_state.h"
#include "engine/types.h"

namespace tiptoe::engine {

class LookupTable {
 public:
  // Reserves the table. With `small`, or when the large one cannot be had, the index has 16 bits.
  bool init(bool small);

  u64 address() const { return table_; }
  bool has_wide_index() const { return wide_; }
  // The index is the low half plus the upper half, bytes reversed: for a program whose code lies so
  // that addresses in use share low halves.
  bool is_salted() const { return salted_; }
  // Empties the table and changes the index. No code that uses the old one may be reachable.
  void salt();
  // An entry was found to be another address's. True when it has happened so often that the table
  // should be salted.
  bool note_collision() { return wide_ && !salted_ && ++collisions_ == kMostCollisions; }

  void set(AppPc target, CachePc place);
  // Empties the entry of `target` when it leads to `place`.
  void clear(AppPc target, CachePc place);
  // Where the entry of `target` leads, if it was made for that; else CachePc{0}.
  CachePc find(AppPc target) const;
  // Gives back the memory of the entries of a range of app code that is no more.
  void forget(u64 start, u64 bytes);

 private:
  static u64 spread(AppPc target) { return __builtin_bswap64(raw(target) >> 32); }
  u64 value(AppPc target, CachePc place) const { return raw(place) - (wide_ ? spread(target) : 0); }
  u64 index(AppPc target) const {
    if (!wide_) return static_cast<u16>(raw(target));
    const u32 salt = salted_ ? __builtin_bswap32(static_cast<u32>(raw(target) >> 32)) : 0;
    return static_cast<u32>(static_cast<u32>(raw(target)) + salt);
  }
  u64* slot(AppPc target) const { return reinterpret_cast<u64*>(table_) + index(target); }

  static constexpr u32 kMostCollisions = 64;
  u64 table_ = 0;
  bool wide_ = false;
  bool salted_ = false;
  u32 collisions_ = 0;
};

}  // namespace tiptoe::engine
