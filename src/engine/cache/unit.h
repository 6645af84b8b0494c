// A unit of the code cache: the smallest part that is evicted. docs/CACHE.md.
//
// All that belongs to a block lives in one unit: hot and cold code, entries and thunks that are
// added later, state maps, exits, the block itself.
#pragma once

#include <span>

#include "engine/cache/metadata_pool.h"
#include "engine/types.h"

namespace tiptoe::engine {

// Pieces in address order: code is only ever appended, so finding the piece of an address is a
// binary search.
class PieceIndex {
 public:
  void init(Piece* storage, u64 max) {
    pieces_ = storage;
    max_ = max;
    __atomic_store_n(&count_, 0, __ATOMIC_RELEASE);
  }
  void append(const Piece& piece);
  const Piece* find(CachePc pc) const;  // lock-free; nullptr between pieces
  bool has_room() const { return count_ < max_; }
  std::span<const Piece> all() const { return {pieces_, count_}; }

 private:
  Piece* pieces_ = nullptr;
  u64 count_ = 0;  // published after the piece
  u64 max_ = 0;
};

// Where a unit lies, and how large it is.
struct UnitPlace {
  u64 hot;
  u64 hot_bytes;
  u64 cold;
  u64 cold_bytes;
  Piece* hot_pieces;
  Piece* cold_pieces;
  u64 max_pieces;  // of each
};

class Region;

class Unit {
 public:
  // What may be noted about the code of a unit, in terms of its size: several times what real
  // programs need.
  static constexpr u64 kMetadataShare = 8;

  void open(const UnitPlace& place, Region& region, MetadataPool& pool);
  // Its code is forgotten; its chunks go back to the pool. No thread may be inside.
  void close();

  bool has_room_for_block() const;
  // For an entry or a thunk of a block that lies here.
  bool has_room_for_piece() const;
  CachePc hot() const { return CachePc{hot_}; }
  CachePc cold() const { return CachePc{cold_}; }
  void commit_hot(const Piece& piece);
  void commit_cold(const Piece& piece);
  const Piece* find(CachePc pc) const;
  // Every block that lies here has a hot piece, those with further entries several.
  std::span<const Piece> hot_pieces() const { return hot_pieces_.all(); }

  // Zeroed storage that lives as long as the unit. Running out is fatal: whoever translates makes
  // sure that the pool has chunks.
  template <typename T>
  T* take(u64 count = 1) {
    return static_cast<T*>(take_bytes(sizeof(T) * count, alignof(T)));
  }

  Region& region() const { return *region_; }
  const UnitPlace& place() const { return place_; }
  u64 metadata_bytes() const { return chunk_bytes_; }

  Unit* next = nullptr;  // the next younger one that is in use, or the next evicted or free one
  u64 evicted_at = 0;    // epoch

 private:
  void* take_bytes(u64 bytes, u64 alignment);

  UnitPlace place_{};
  Region* region_ = nullptr;
  MetadataPool* pool_ = nullptr;
  MetadataChunk* chunks_ = nullptr;  // the one in use first
  u64 chunk_bytes_ = 0;
  u64 hot_ = 0;
  u64 cold_ = 0;
  PieceIndex hot_pieces_;
  PieceIndex cold_pieces_;
};

}  // namespace tiptoe::engine
