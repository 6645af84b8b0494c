#include "engine/cache/region.h"

#include <linux/mman.h>

#include "sys/fail.h"
#include "sys/mapping.h"

namespace tiptoe::engine {
namespace {

constexpr u64 kReach = (u64{1} << 31) - kRegionBytes - kPageBytes;

// What one block may need at most, hot or cold: the translator stops a block long before.
constexpr u64 kHeadroom = 256 << 10;

// A piece takes 64 bytes and more; a region with smaller ones is full when its index is.
constexpr u64 kMaxPieces = kHotBytes / 64;

constexpr int kRwx = PROT_READ | PROT_WRITE | PROT_EXEC;

// Above what address there is room that the kernel never gives to mmap: between the libraries and
// the stack. Below it, what lies above code is its growing heap.
constexpr u64 kLibraries = u64{0x7e} << 40;
constexpr u64 kLowest = u64{1} << 32;
constexpr u64 kHighest = u64{1} << 47;
constexpr u64 kStep = u64{16} << 20;

// Anywhere: reserves one step more than needed, to begin where it should.
u64 map_anywhere(u64 stagger) {
  const u64 reserved = sys::map_private(kRegionBytes + 2 * kStep, kRwx);
  return reserved == 0 ? 0 : align_up(reserved, kStep) + stagger;
}

// Looks for a free place within reach of `near`, the nearest first on the side that is out of the
// way.
u64 map_within_reach(u64 near, u64 stagger) {
  const u64 above = align_up(near, kStep) + stagger, below = align_down(near, kStep) + stagger;
  const auto try_above = [&](u64 distance) {
    const u64 at = above + distance;
    return at >= kLowest && at + kRegionBytes < kHighest &&
                   sys::map_private_at(at, kRegionBytes, kRwx)
               ? at
               : 0;
  };
  const auto try_below = [&](u64 distance) {
    if (below < distance + kRegionBytes + kStep + kLowest) return u64{0};
    const u64 at = below - distance - kRegionBytes;
    return sys::map_private_at(at, kRegionBytes, kRwx) ? at : 0;
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

bool PieceIndex::init(u64 max_pieces) {
  max_ = max_pieces;
  pieces_ = reinterpret_cast<Piece*>(
      sys::map_private(align_up(max_pieces * sizeof(Piece), kPageBytes), PROT_READ | PROT_WRITE));
  return pieces_ != nullptr;
}

void PieceIndex::append(const Piece& piece) {
  TIPTOE_CHECK(count_ < max_, count_, max_);
  pieces_[count_] = piece;
  __atomic_store_n(&count_, count_ + 1, __ATOMIC_RELEASE);
}

const Piece* PieceIndex::find(CachePc pc) const {
  u64 low = 0, high = __atomic_load_n(&count_, __ATOMIC_ACQUIRE);
  if (high == 0) return nullptr;
  while (high - low > 1) {
    const u64 middle = (low + high) / 2;
    (raw(pieces_[middle].start) <= raw(pc) ? low : high) = middle;
  }
  const Piece& piece = pieces_[low];
  return raw(pc) - raw(piece.start) < piece.bytes ? &piece : nullptr;
}

bool Region::create(AppPc near, u32 index) {
  if (!hot_pieces_.init(kMaxPieces) || !cold_pieces_.init(kMaxPieces)) return false;
  const u64 stagger = kRegionStagger[index % 4];
  start_ = raw(near) == 0 ? map_anywhere(stagger) : map_within_reach(raw(near), stagger);
  hot_ = start_;
  cold_ = start_ + kHotBytes;
  return start_ != 0;
}

bool Region::reaches(u64 address) const {
  return address + kReach - start_ < 2 * kReach;
}

bool Region::has_room() const {
  return hot_ + kHeadroom < start_ + kHotBytes && cold_ + kHeadroom < start_ + kRegionBytes &&
         hot_pieces_.has_room() && cold_pieces_.has_room();
}

void Region::commit_hot(const Piece& piece) {
  hot_pieces_.append(piece);
  hot_ = raw(piece.start) + piece.bytes;
}

void Region::commit_cold(const Piece& piece) {
  cold_pieces_.append(piece);
  cold_ = raw(piece.start) + piece.bytes;
}

const Piece* Region::find(CachePc pc) const {
  return raw(pc) < start_ + kHotBytes ? hot_pieces_.find(pc) : cold_pieces_.find(pc);
}

}  // namespace tiptoe::engine
