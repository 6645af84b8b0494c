// Memory for what the engine notes about translated code: blocks, exits, state maps.
//
// One reservation, handed out in chunks to units of the cache and taken back from them. Everything
// in it can be named by 32 bits, which is how emitted code names an exit. Under the translation
// lock.
#pragma once

#include "base/types.h"

namespace tiptoe::engine {

struct MetadataChunk {
  static constexpr u64 kBytes = 64 << 10;

  MetadataChunk* next;
  u64 used;  // bytes from the chunk's start on; what follows is zero

  // Zeroed memory, or nullptr when there is not enough left.
  void* take(u64 bytes, u64 alignment);
};

class MetadataPool {
 public:
  // False when memory is short.
  bool init(u64 bytes);

  // A zeroed chunk, or nullptr when all are in use.
  MetadataChunk* take();
  // Takes back a list of chunks.
  void give_back(MetadataChunk* chunks);

  // Numbers of what is in the pool; 0 is nothing's.
  u32 number_of(const void* item) const {
    return static_cast<u32>((reinterpret_cast<u64>(item) - base_) / 8);
  }
  void* item(u32 number) const { return reinterpret_cast<void*>(base_ + u64{8} * number); }

 private:
  u64 base_ = 0;
  u64 fresh_ = 0;  // never used from here on
  u64 end_ = 0;
  MetadataChunk* free_ = nullptr;
};

}  // namespace tiptoe::engine
