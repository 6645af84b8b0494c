// The code cache: its regions and units, and writing a piece of code with its state map into one.
//
// Shared by all threads of a process. Writing needs the translation lock; finding a piece does not.
#pragma once

#include "arch/x86/emitter.h"
#include "base/arena.h"
#include "engine/cache/region.h"
#include "engine/context/state_map.h"
#include "sys/lock.h"

namespace tiptoe::engine {

struct MapBuffer {
  static constexpr u32 kMax = 2048;
  MapEntry entries[kMax] = {};
};

class CodeCache {
 public:
  // `cache_bytes`: how much code to keep, at least kLeastCacheBytes. False when memory is short.
  bool init(u64 cache_bytes, u64 address_space_limit);

  // The unit for new code at `near`, with room for a block: within reach of it wherever there is a
  // place. nullptr when none is open that has room.
  Unit* unit_with_room(const sys::Held&, AppPc near);
  // Opens another one; nullptr when there is no address space left.
  Unit* open_unit(const sys::Held&, AppPc near);
  // Maps regions ahead of their use: later the kernel may refuse (PR_SET_MDWE).
  void reserve_regions(const sys::Held&, u32 count);
  // Whether another unit would exceed the size.
  bool is_full(const sys::Held&) const;

  // The unit that has been in use for longest, or nullptr.
  Unit* oldest(const sys::Held&) const { return in_use_; }
  // Moves the oldest unit to the evicted ones; its blocks must be unreachable.
  void retire_oldest(const sys::Held&, u64 epoch);
  // The units that wait for release, the earliest evicted first.
  Unit* first_evicted(const sys::Held&) const { return evicted_; }
  // Makes the first of them free. No thread may be inside. `near`: where room is wanted.
  void release_first_evicted(const sys::Held&, AppPc near);

  // The piece that holds a cache address, or nullptr when the address is not in the cache.
  const Piece* find(u64 address) const;
  bool contains(u64 address) const;

  MetadataPool& metadata() { return metadata_; }
  // For what lives as long as the process.
  Arena& arena() { return arena_; }
  // Where a PieceWriter collects its map: one for hot, one for cold code. Under the translation
  // lock.
  MapBuffer& map_buffer(bool is_hot) { return buffers_[is_hot]; }

 private:
  static constexpr unsigned kMaxRegions = 64;
  Region regions_[kMaxRegions];
  // Calls use(Region&) for regions that may hold code at `near`, the newest first, until it returns
  // a unit.
  template <typename Use>
  Unit* try_regions(AppPc near, bool anywhere, Use use);
  bool may_be_anywhere(AppPc near) const;
  Region* new_region(AppPc near);
  Unit* open_in(Region& region);

  u32 region_count_ = 0;
  u64 hopeless_gib_[8] = {};  // no region can be had near these; the last found, as GiB numbers
  u32 hopeless_count_ = 0;
  u64 unit_bytes_ = 0;
  u64 region_bytes_ = kMostRegionBytes;
  u32 most_units_ = 0;
  u32 unit_count_ = 0;      // in use or evicted
  Unit* in_use_ = nullptr;  // the oldest; linked to the next younger one
  Unit* youngest_ = nullptr;
  Unit* evicted_ = nullptr;  // the earliest evicted, linked to the next
  Unit* last_evicted_ = nullptr;
  MetadataPool metadata_;
  Arena arena_;
  MapBuffer buffers_[2] = {};
};

// Appends code to the hot or the cold side of a unit, noting the state of every byte.
class PieceWriter {
 public:
  // One writer a side at a time.
  PieceWriter(CodeCache& cache, Unit& unit, bool is_hot, Block* block)
      : emit(is_hot ? unit.hot() : unit.cold()),
        unit_(unit),
        entries_(cache.map_buffer(is_hot).entries),
        is_hot_(is_hot),
        block_(block),
        start_(emit.here()) {}

  // What is emitted next belongs to this instruction in this state.
  void mark(u32 app_offset, u32 instruction, StateId state) {
    const u32 offset = static_cast<u32>(emit.here() - start_);
    if (count_ != 0 && entries_[count_ - 1].offset == offset) --count_;
    if (count_ == MapBuffer::kMax) return;  // commit() complains
    entries_[count_++] = {static_cast<u16>(offset), static_cast<u16>(app_offset),
                          static_cast<u16>(instruction), state};
  }
  // Publishes the piece: from here on find() knows it.
  void commit();
  CachePc start() const { return start_; }

  x86::Emitter emit;

 private:
  Unit& unit_;
  MapEntry* entries_;
  bool is_hot_;
  Block* block_;
  CachePc start_;
  u32 count_ = 0;
};

}  // namespace tiptoe::engine
