#include "engine/cache/code_cache.h"

#include <linux/mman.h>

#include "sys/fail.h"
#include "sys/mapping.h"

namespace tiptoe::engine {
namespace {
constexpr u64 kArenaBytes = u64{1} << 32;  // reserved, not committed
}

bool CodeCache::init() {
  for (u64 bytes = kArenaBytes; bytes >= u64{1} << 26; bytes /= 2) {
    if (const u64 at = sys::map_private(bytes, PROT_READ | PROT_WRITE)) {
      arena_.init(at, bytes);
      return true;
    }
  }
  return false;
}

Region& CodeCache::region_for(const sys::Held&, AppPc near) {
  const bool anywhere = raw(near) < u64{1} << 31;
  for (u32 i = region_count_; i-- > 0;) {
    if (regions_[i].has_room() && (anywhere || regions_[i].reaches(raw(near)))) return regions_[i];
  }
  TIPTOE_CHECK(region_count_ < kMaxRegions, region_count_, raw(near));
  Region& region = regions_[region_count_];
  TIPTOE_CHECK(region.create(near), region_count_, raw(near));
  __atomic_store_n(&region_count_, region_count_ + 1, __ATOMIC_RELEASE);
  sys::log(1, "new cache region for", raw(near), region.start());
  return region;
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
