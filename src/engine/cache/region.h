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
constexpr u64 kHotBytes = kRegionBytes / 2;

// Pieces in address order: code is only ever appended, so finding the piece of an address is a binary
// search.
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
  // Maps a region within reach of `near` (any place when `near` is zero). False when there is none.
  bool create(AppPc near);

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
