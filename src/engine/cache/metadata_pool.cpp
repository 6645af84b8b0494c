#include "engine/cache/metadata_pool.h"

#include <linux/mman.h>

#include "base/memory.h"
#include "sys/mapping.h"

namespace tiptoe::engine {

void* MetadataChunk::take(u64 bytes, u64 alignment) {
  const u64 at = align_up(used, alignment);
  if (at + bytes > kBytes) return nullptr;
  used = at + bytes;
  return reinterpret_cast<u8*>(this) + at;
}

bool MetadataPool::init(u64 bytes) {
  constexpr u64 kMost = u64{8} << 32;  // what 32 bits can name
  bytes = align_down(bytes < kMost ? bytes : kMost, MetadataChunk::kBytes);
  base_ = fresh_ = sys::map_private(bytes, PROT_READ | PROT_WRITE);
  end_ = base_ + bytes;
  return base_ != 0;
}

MetadataChunk* MetadataPool::take() {
  MetadataChunk* chunk = free_;
  if (chunk != nullptr) {
    free_ = chunk->next;
    chunk->next = nullptr;
  } else if (fresh_ < end_) {
    chunk = reinterpret_cast<MetadataChunk*>(fresh_);
    fresh_ += MetadataChunk::kBytes;
  } else {
    return nullptr;
  }
  chunk->used = sizeof(MetadataChunk);
  return chunk;
}

void MetadataPool::give_back(MetadataChunk* chunks) {
  while (chunks != nullptr) {
    MetadataChunk* next = chunks->next;
    memset(chunks, 0, chunks->used);
    chunks->next = free_;
    free_ = chunks;
    chunks = next;
  }
}

}  // namespace tiptoe::engine
