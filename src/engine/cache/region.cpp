#include "engine/cache/region.h"

#include <linux/mman.h>

#include "sys/mapping.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

constexpr u64 kReach = (u64{1} << 31) - kMostRegionBytes - kPageBytes;

// A piece takes 64 bytes and more; a unit with smaller ones is full when its index is.
constexpr u64 kBytesPerPiece = 64;

constexpr int kRwx = PROT_READ | PROT_WRITE | PROT_EXEC;

// Above what address there is room that the kernel never gives to mmap: between the libraries and
// the stack. Below it, what lies above code is its growing heap.
constexpr u64 kLibraries = u64{0x7e} << 40;
constexpr u64 kLowest = u64{1} << 32;
constexpr u64 kHighest = u64{1} << 47;
constexpr u64 kStep = u64{16} << 20;

// Anywhere: reserves one step more than needed, to begin where it should.
u64 map_anywhere(u64 bytes, u64 stagger) {
  if (bytes < kMostRegionBytes) return sys::map_private(bytes, kRwx);  // there is no room to choose
  const u64 reserved = sys::map_private(bytes + 2 * kStep, kRwx);
  return reserved == 0 ? 0 : align_up(reserved, kStep) + stagger;
}

// Looks for a free place within reach of `near`, the nearest first on the side that is out of the
// way.
u64 map_within_reach(u64 near, u64 bytes, u64 stagger) {
  const u64 above = align_up(near, kStep) + stagger, below = align_down(near, kStep) + stagger;
  const auto try_above = [&](u64 distance) {
    const u64 at = above + distance;
    return at >= kLowest && at + bytes < kHighest && sys::map_private_at(at, bytes, kRwx) ? at : 0;
  };
  const auto try_below = [&](u64 distance) {
    if (below < distance + bytes + kStep + kLowest) return u64{0};
    const u64 at = below - distance - bytes;
    return sys::map_private_at(at, bytes, kRwx) ? at : 0;
  };
  const bool prefer_above = near >= kLibraries;
  for (const bool upwards : {prefer_above, !prefer_above}) {
    for (u64 distance = kStep; distance < kReach; distance += kStep) {
      if (const u64 at = upwards ? try_above(distance) : try_below(distance)) return at;
    }
  }
  return 0;
}

}  // namespace

bool Region::create(AppPc near, u32 index, u64 bytes, u64 unit_bytes) {
  bytes_ = bytes;
  unit_bytes_ = unit_bytes;
  const u64 unit_count = bytes / unit_bytes;
  const u64 piece_bytes = 2 * (hot_bytes() / kBytesPerPiece) * sizeof(Piece);
  const auto reserve = [](u64 wanted) {
    return sys::map_private(align_up(wanted, kPageBytes), PROT_READ | PROT_WRITE);
  };
  // What an earlier attempt without success has reserved is used.
  if (units_ == nullptr) units_ = reinterpret_cast<Unit*>(reserve(unit_count * sizeof(Unit)));
  if (pieces_ == nullptr) pieces_ = reinterpret_cast<Piece*>(reserve(piece_bytes));
  if (units_ == nullptr || pieces_ == nullptr) return false;
  const u64 stagger = kRegionStagger[index % 4];
  start_ =
      raw(near) == 0 ? map_anywhere(bytes, stagger) : map_within_reach(raw(near), bytes, stagger);
  return start_ != 0;
}

bool Region::reaches(u64 address) const {
  return address + kReach - start_ < 2 * kReach;
}

UnitPlace Region::place_of(u64 number) const {
  const u64 hot = unit_hot_bytes(), cold = unit_cold_bytes();
  const u64 pieces = hot / kBytesPerPiece;
  return {start_ + number * hot,
          hot,
          start_ + hot_bytes() + number * cold,
          cold,
          pieces_ + 2 * number * pieces,
          pieces_ + (2 * number + 1) * pieces,
          pieces};
}

Unit* Region::open_unit(MetadataPool& pool) {
  Unit* unit = free_;
  if (unit != nullptr) {
    free_ = unit->next;
  } else if (fresh_ < bytes_ / unit_bytes_) {
    unit = &units_[fresh_++];
  } else {
    return nullptr;
  }
  unit->next = nullptr;
  unit->evicted_at = 0;
  unit->open(place_of(static_cast<u64>(unit - units_)), *this, pool);
  current_ = unit;
  return unit;
}

void Region::take_back(Unit& unit, bool keep_memory) {
  if (!keep_memory) {
    sys::call(__NR_madvise, unit.place().hot, unit.place().hot_bytes, MADV_DONTNEED);
    sys::call(__NR_madvise, unit.place().cold, unit.place().cold_bytes, MADV_DONTNEED);
  }
  unit.next = free_;
  free_ = &unit;
}

const Unit& Region::unit_of(u64 address) const {
  const u64 offset = address - start_;
  return units_[offset < hot_bytes() ? offset / unit_hot_bytes()
                                     : (offset - hot_bytes()) / unit_cold_bytes()];
}

}  // namespace tiptoe::engine
