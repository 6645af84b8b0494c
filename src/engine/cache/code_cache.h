// The code cache: its regions, and writing a piece of code with its state map into one of them.
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
  // Reserves the arena for maps, blocks and exits. False when memory is short.
  bool init(u64 address_space_limit);

  // The region for code at `near`: within reach of it wherever there is a place, else any. Created
  // when there is none with room; running out of address space is fatal.
  Region& region_for(const sys::Held&, AppPc near);

  // The piece that holds a cache address, or nullptr when the address is not in the cache.
  const Piece* find(u64 address) const;
  bool contains(u64 address) const;

  Arena& arena() { return arena_; }
  // Where a PieceWriter collects its map: one for hot, one for cold code. Under the translation
  // lock.
  MapBuffer& map_buffer(bool is_hot) { return buffers_[is_hot]; }

 private:
  static constexpr unsigned kMaxRegions = 64;
  Region regions_[kMaxRegions];
  Region* region_with_room(AppPc near, bool anywhere);
  Region* new_region(AppPc near);
  u32 region_count_ = 0;
  u64 hopeless_gib_[8] = {};  // no region can be had near these; the last found, as GiB numbers
  u32 hopeless_count_ = 0;
  Arena arena_;
  MapBuffer buffers_[2] = {};
};

// Appends code to the hot or the cold side of a region, noting the state of every byte.
class PieceWriter {
 public:
  // One writer a side at a time.
  PieceWriter(CodeCache& cache, Region& region, bool is_hot, Block* block)
      : emit(is_hot ? region.hot() : region.cold()),
        cache_(cache),
        region_(region),
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
  CodeCache& cache_;
  Region& region_;
  MapEntry* entries_;
  bool is_hot_;
  Block* block_;
  CachePc start_;
  u32 count_ = 0;
};

}  // namespace tiptoe::engine
