#include "engine/cache/code_cache.h"

#include <linux/mman.h>

#include "bridge/boot.h"
#include "sys/fail.h"
#include "sys/mapping.h"

namespace tiptoe::engine {
namespace {

constexpr u64 kArenaBytes = u64{1} << 30;  // reserved, not committed

constexpr u64 kLeastUnitBytes = u64{64} << 10;
constexpr u64 kMostUnitBytes = u64{2} << 20;

// Reserved for metadata, in terms of the size of the cache: units that are evicted and cannot be
// released yet count, too.
constexpr u64 kMetadataShare = 4 * Unit::kMetadataShare;
constexpr u64 kMoreMetadataBytes = u64{256} << 20;

u64 smaller(u64 a, u64 b) {
  return a < b ? a : b;
}

// Code below 2 GiB needs no reach: its operands and return addresses fit absolute forms.
bool needs_no_reach(AppPc near) {
  return raw(near) < u64{1} << 31;
}

}  // namespace

bool CodeCache::init(u64 cache_bytes, u64 address_space_limit) {
  cache_bytes = smaller(cache_bytes, address_space_limit / 64);
  if (cache_bytes < kLeastCacheBytes) cache_bytes = kLeastCacheBytes;
  for (unit_bytes_ = kLeastUnitBytes;
       unit_bytes_ < kMostUnitBytes && 2 * unit_bytes_ <= cache_bytes / 16;) {
    unit_bytes_ *= 2;
  }
  region_bytes_ = kMostRegionBytes;
  while (region_bytes_ > kLeastRegionBytes && region_bytes_ > address_space_limit / 64) {
    region_bytes_ /= 2;
  }
  most_units_ = static_cast<u32>(smaller(cache_bytes / unit_bytes_, u64{1} << 20));
  const u64 arena_bytes = align_down(smaller(address_space_limit / 64, kArenaBytes), kPageBytes);
  const u64 at = sys::map_private(arena_bytes, PROT_READ | PROT_WRITE);
  arena_.init(at, arena_bytes);
  return at != 0 && metadata_.init(smaller(cache_bytes * kMetadataShare + kMoreMetadataBytes,
                                           address_space_limit / 16));
}

bool CodeCache::may_be_anywhere(AppPc near) const {
  if (needs_no_reach(near)) return true;
  for (u32 i = 0; i < 8 && i < hopeless_count_; ++i) {
    if (hopeless_gib_[i] == raw(near) >> 30) return true;
  }
  return false;
}

template <typename Use>
Unit* CodeCache::try_regions(AppPc near, bool anywhere, Use use) {
  for (u32 i = region_count_; i-- > 0;) {
    if (!anywhere && !regions_[i].reaches(raw(near))) continue;
    if (Unit* unit = use(regions_[i])) return unit;
  }
  return nullptr;
}

Unit* CodeCache::unit_with_room(const sys::Held&, AppPc near) {
  return try_regions(near, may_be_anywhere(near), [](const Region& region) {
    Unit* unit = region.current();
    return unit != nullptr && unit->has_room_for_block() ? unit : nullptr;
  });
}

Region* CodeCache::new_region(AppPc near) {
  if (region_count_ == kMaxRegions) return nullptr;
  Region& region = regions_[region_count_];
  if (!region.create(near, region_count_, region_bytes_, unit_bytes_)) return nullptr;
  __atomic_store_n(&region_count_, region_count_ + 1, __ATOMIC_RELEASE);
  sys::log(1, "new cache region for", raw(near), region.start());
  return &region;
}

Unit* CodeCache::open_in(Region& region) {
  Unit* unit = region.open_unit(metadata_);
  if (unit == nullptr) return nullptr;
  (in_use_ == nullptr ? in_use_ : youngest_->next) = unit;
  youngest_ = unit;
  ++unit_count_;
  return unit;
}

Unit* CodeCache::open_unit(const sys::Held&, AppPc near) {
  const auto open = [this](Region& region) { return open_in(region); };
  const bool anywhere = may_be_anywhere(near);
  if (Unit* unit = try_regions(near, anywhere, open)) return unit;
  if (!anywhere) {
    if (Region* region = new_region(near)) return open_in(*region);
    hopeless_gib_[hopeless_count_++ % 8] = raw(near) >> 30;
    if (Unit* unit = try_regions(near, true, open)) return unit;
  }
  Region* region = new_region(AppPc{0});
  return region == nullptr ? nullptr : open_in(*region);
}

void CodeCache::reserve_regions(const sys::Held&, u32 count) {
  while (count-- > 0 && new_region(AppPc{0}) != nullptr) {
  }
}

// One unit is always kept free: what is evicted now can be used only later.
bool CodeCache::is_full(const sys::Held&) const {
  return unit_count_ + 1 >= most_units_;
}

void CodeCache::retire_oldest(const sys::Held&, u64 epoch) {
  Unit* unit = in_use_;
  in_use_ = unit->next;
  if (in_use_ == nullptr) youngest_ = nullptr;
  if (unit->region().current() == unit) unit->region().forget_current();
  unit->next = nullptr;
  unit->evicted_at = epoch;
  (evicted_ == nullptr ? evicted_ : last_evicted_->next) = unit;
  last_evicted_ = unit;
}

void CodeCache::release_first_evicted(const sys::Held&, AppPc near) {
  Unit* unit = evicted_;
  evicted_ = unit->next;
  if (evicted_ == nullptr) last_evicted_ = nullptr;
  unit->close();
  unit->region().take_back(*unit, unit->region().reaches(raw(near)));
  --unit_count_;
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
    if (regions_[i].contains(address)) return regions_[i].unit_of(address).find(CachePc{address});
  }
  return nullptr;
}

void PieceWriter::commit() {
  TIPTOE_CHECK(count_ < MapBuffer::kMax && emit.here() - start_ < 65536, count_, raw(start_));
  const Piece piece{start_, static_cast<u32>(emit.here() - start_), count_,
                    unit_.take<MapEntry>(count_), block_};
  memcpy(piece.entries, entries_, count_ * sizeof(MapEntry));
  is_hot_ ? unit_.commit_hot(piece) : unit_.commit_cold(piece);
}

}  // namespace tiptoe::engine
