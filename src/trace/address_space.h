// Which module lies where in one process at one moment of its definition stream.
#pragma once

#include <map>

#include "base/types.h"

namespace tiptoe::trace {

class AddressSpace {
 public:
  struct Range {
    u64 end = 0;
    u32 module = 0;
  };

  // A new mapping takes the place of whatever overlaps it.
  void map(u64 start, u64 bytes, u32 module);
  void unmap(u64 start, u64 bytes);
  // The module at `pc`, or `none`.
  u32 find(u64 pc, u32 none) const;
  size_t size() const { return ranges_.size(); }

 private:
  std::map<u64, Range> ranges_;  // by start; never overlapping
};

}  // namespace tiptoe::trace
