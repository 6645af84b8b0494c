// A bump allocator over memory that is reserved once and never moves: blocks, exits, state maps.
#pragma once

#include "base/types.h"

namespace tiptoe {

class Arena {
 public:
  // Takes over [start, start + bytes), zeroed memory.
  void init(u64 start, u64 bytes) {
    cursor_ = start;
    end_ = start + bytes;
  }

  // Zeroed storage for `count` objects, or nullptr when the arena is full. Not thread-safe.
  template <typename T>
  T* take(u64 count = 1) {
    const u64 at = align_up(cursor_, alignof(T));
    if (at + sizeof(T) * count > end_) return nullptr;
    cursor_ = at + sizeof(T) * count;
    return reinterpret_cast<T*>(at);
  }

 private:
  u64 cursor_ = 0;
  u64 end_ = 0;
};

}  // namespace tiptoe
