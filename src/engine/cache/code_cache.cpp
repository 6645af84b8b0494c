#include "engine/cache/code_cache.h"

#include <linux/mman.h>

#include "sys/fail.h"
#include "sys/mapping.h"

namespace tiptoe::engine {
namespace {

constexpr u64 kArenaBytes = u64{1} << 32;  // reserved, not committed

// Code below 2 GiB needs no reach: its operands and return addresses fit absolute forms.
bool needs_no_reach(AppPc near) {
  return raw(near) < u64{1} << 31;
}

}  // namespace

bool CodeCache::init(u64 address_space_limit) {
  const u64 share = align_down(address_space_limit / 16, kPageBytes);
  const u64 bytes = share < kArenaBytes ? share : kArenaBytes;
  const u64 at = sys::map_private(bytes, PROT_READ | PROT_WRITE);
  arena_.init(at, bytes);
  return at != 0;
}

Region* CodeCache::region_with_room(AppPc near, bool anywhere) {
  for (u32 i = region_count_; i-- > 0;) {
    if (regions_[i].has_room() && (anywhere || regions_[i].reaches(raw(near)))) return &regions_[i];
  }
  return nullptr;
}

Region* CodeCache::new_region(AppPc near) {
  if (region_count_ == kMaxRegions) return nullptr;
  Region& region = regions_[region_count_];
  if (!region.create(near, region_count_)) return nullptr;
  __atomic_store_n(&region_count_, region_count_ + 1, __ATOMIC_RELEASE);
  sys::log(1, "new cache region for", raw(near), region.start());
  return &region;
}

Region& CodeCache::region_for(const sys::Held&, AppPc near) {
  const u64 gib = raw(near) >> 30;
  bool anywhere = needs_no_reach(near);
  for (u32 i = 0; i < 8 && i < hopeless_count_; ++i) anywhere |= hopeless_gib_[i] == gib;
  if (Region* region = region_with_room(near, anywhere)) return *region;
  if (!anywhere) {
    if (Region* region = new_region(near)) return *region;
    hopeless_gib_[hopeless_count_++ % 8] = gib;
    if (Region* region = region_with_room(near, true)) return *region;
  }
  Region* region = new_region(AppPc{0});
  TIPTOE_CHECK(region != nullptr, region_count_, raw(near));
  return *region;
}

bool CodeCache::contains(u64 address) const {
  const u32 count = __atomic_load_n(&region_count_, __ATOMIC_ACQUIRE);
  for (u32 i = 0; i < count; ++i) {
    if (regions_[i].contains(address)) return true;
  }
  return false;
}

const Piece* CodeCache::find(u64 address) const {
  const u32 count = __atomic_load_n(&region_count_, __ATOMIC_ACQUIRE);
  for (u32 i = 0; i < count; ++i) {
    if (regions_[i].contains(address)) return regions_[i].find(CachePc{address});
  }
  return nullptr;
}

void PieceWriter::commit() {
  TIPTOE_CHECK(count_ < MapBuffer::kMax && emit.here() - start_ < 65536, count_, raw(start_));
  Piece piece{start_, static_cast<u32>(emit.here() - start_), count_,
              cache_.arena().take<MapEntry>(count_), block_};
  TIPTOE_CHECK(piece.entries != nullptr, count_, 0);
  memcpy(piece.entries, entries_, count_ * sizeof(MapEntry));
  is_hot_ ? region_.commit_hot(piece) : region_.commit_cold(piece);
}

}  // namespace tiptoe::engine
