#include "trace/address_space.h"

#include <iterator>

namespace tiptoe::trace {

void AddressSpace::unmap(u64 start, u64 bytes) {
  const u64 end = start + bytes < start ? ~u64{0} : start + bytes;
  auto at = ranges_.lower_bound(start);
  if (at != ranges_.begin()) {
    const auto before = std::prev(at);
    const Range range = before->second;
    if (range.end > start) {
      before->second.end = start;
      if (range.end > end) ranges_.emplace(end, range);
    }
  }
  while (at != ranges_.end() && at->first < end) {
    const Range range = at->second;
    at = ranges_.erase(at);
    if (range.end > end) at = ranges_.emplace(end, range).first;
  }
}

void AddressSpace::map(u64 start, u64 bytes, u32 module) {
  if (bytes == 0 || start + bytes < start) return;
  unmap(start, bytes);
  ranges_[start] = {start + bytes, module};
}

u32 AddressSpace::find(u64 pc, u32 none) const {
  auto after = ranges_.upper_bound(pc);
  if (after == ranges_.begin()) return none;
  const auto& [start, range] = *std::prev(after);
  return pc < range.end ? range.module : none;
}

}  // namespace tiptoe::trace
