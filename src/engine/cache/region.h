// One stretch of the code cache: hot code grows up from its start, cold code from its middle on.
//
// A region is private memory, readable, writable and executable, reserved without being committed.
// Private, so that a forked child has its own copy at once; one mapping, because an mprotect pair
// around every block costs ten times what translating it does. docs/ARCHITECTURE.md says what else
// was weighed.
#pragma once

#include "engine/types.h"

namespace tiptoe::engine {

constexpr u64 kRegionBytes = u64{64} << 20;

// Branch predictors of today's processors look at the low 24 bits of an address: code whose
// addresses agree modulo 16 MiB destroys each other's predictions (docs/BENCHMARKS.md has the
// measurement). So the cold side begins 8 MiB off the hot side, and the regions of a process begin
// 2 MiB and more off each other.
constexpr u64 kHotBytes = u64{40} << 20;
constexpr u64 kRegionStagger[] = {u64{0} << 20, u64{4} << 20, u64{2} << 20, u64{6} << 20};

// Pieces in address order: code is only ever appended, so finding the piece of an address is a
// binary search.
class PieceIndex {
 public:
  // False when memory is short.
  bool init(u64 max_pieces);
  void append(const Piece& piece);
  const Piece* find(CachePc pc) const;  // lock-free; nullptr between pieces
  bool has_room() const { return count_ + 16 < max_; }

 private:
  Piece* pieces_ = nullptr;
  u64 count_ = 0;  // published after the piece
  u64 max_ = 0;
};

class Region {
 public:
  // Maps the process' region number `index` within reach of `near` (any place when `near` is zero).
  // False when there is none.
  bool create(AppPc near, u32 index);

  bool contains(u64 address) const { return address - start_ < kRegionBytes; }
  // Whether a 32-bit displacement reaches from anywhere in the region to `address`.
  bool reaches(u64 address) const;
  bool has_room() const;

  CachePc hot() const { return CachePc{hot_}; }
  CachePc cold() const { return CachePc{cold_}; }
  void commit_hot(const Piece& piece);
  void commit_cold(const Piece& piece);
  const Piece* find(CachePc pc) const;
  u64 start() const { return start_; }

 private:
  u64 start_ = 0;
  u64 hot_ = 0;
  u64 cold_ = 0;
  PieceIndex hot_pieces_;
  PieceIndex cold_pieces_;
};

}  // namespace tiptoe::engine
