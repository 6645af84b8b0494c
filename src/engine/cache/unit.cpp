#include "engine/cache/unit.h"

#include "sys/fail.h"

namespace tiptoe::engine {
namespace {

// What one block may need at most: 64 instructions, each of which may become some 100 bytes; twelve
// exits with their stubs.
constexpr u64 kBlockHotBytes = 12 << 10;
constexpr u64 kBlockColdBytes = 6 << 10;
// Where hot pieces begin. Measured: call-heavy code runs 10 to 30 % faster than unaligned; where it
// is large (cc1) it costs 1 %.
constexpr u64 kHotAlignment = 32;
// An entry, or a thunk.
constexpr u64 kPieceBytes = 512;

}  // namespace

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

void Unit::open(const UnitPlace& place, Region& region, MetadataPool& pool) {
  place_ = place;
  region_ = &region;
  pool_ = &pool;
  hot_ = place.hot;
  cold_ = place.cold;
  hot_pieces_.init(place.hot_pieces, place.max_pieces);
  cold_pieces_.init(place.cold_pieces, place.max_pieces);
}

void Unit::close() {
  pool_->give_back(chunks_);
  chunks_ = nullptr;
  chunk_bytes_ = 0;
  hot_pieces_.init(place_.hot_pieces, place_.max_pieces);
  cold_pieces_.init(place_.cold_pieces, place_.max_pieces);
}

bool Unit::has_room_for_block() const {
  const u64 hot_kept = place_.hot_bytes / 8, cold_kept = place_.cold_bytes / 8;
  return hot_ + kBlockHotBytes + hot_kept <= place_.hot + place_.hot_bytes &&
         cold_ + kBlockColdBytes + cold_kept <= place_.cold + place_.cold_bytes &&
         chunk_bytes_ <= kMetadataShare * (place_.hot_bytes + place_.cold_bytes) &&
         has_room_for_piece();
}

bool Unit::has_room_for_piece() const {
  return hot_ + kPieceBytes <= place_.hot + place_.hot_bytes &&
         cold_ + kPieceBytes <= place_.cold + place_.cold_bytes && hot_pieces_.has_room() &&
         cold_pieces_.has_room();
}

void Unit::commit_hot(const Piece& piece) {
  hot_pieces_.append(piece);
  hot_ = align_up(raw(piece.start) + piece.bytes, kHotAlignment);
  TIPTOE_CHECK(hot_ <= place_.hot + place_.hot_bytes, hot_, piece.bytes);
}

void Unit::commit_cold(const Piece& piece) {
  cold_pieces_.append(piece);
  cold_ = raw(piece.start) + piece.bytes;
  TIPTOE_CHECK(cold_ <= place_.cold + place_.cold_bytes, cold_, piece.bytes);
}

const Piece* Unit::find(CachePc pc) const {
  return raw(pc) - place_.hot < place_.hot_bytes ? hot_pieces_.find(pc) : cold_pieces_.find(pc);
}

void* Unit::take_bytes(u64 bytes, u64 alignment) {
  if (chunks_ != nullptr) {
    if (void* found = chunks_->take(bytes, alignment)) return found;
  }
  MetadataChunk* chunk = pool_->take();
  TIPTOE_CHECK(chunk != nullptr, bytes, 0);
  chunk->next = chunks_;
  chunks_ = chunk;
  chunk_bytes_ += MetadataChunk::kBytes;
  void* found = chunk->take(bytes, alignment);
  TIPTOE_CHECK(found != nullptr, bytes, 0);
  return found;
}

}  // namespace tiptoe::engine
