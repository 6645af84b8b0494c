// A set of numbers of which most neighbours are in it: those of threads or processes that are gone.
// Kept as ranges, so its size is that of its holes, however many have come and gone.
#pragma once

#include <iterator>
#include <map>

#include "base/types.h"

namespace tiptoe::record {

class NumberSet {
 public:
  // False when it is there already. The largest number cannot be inserted.
  bool insert(u32 number) {
    if (contains(number)) return false;
    ++count_;
    u32 end = number + 1;
    const auto above = ranges_.find(end);
    if (above != ranges_.end()) {
      end = above->second;
      ranges_.erase(above);
    }
    auto below = ranges_.lower_bound(number);
    if (below != ranges_.begin() && (--below)->second == number) {
      below->second = end;
    } else {
      ranges_.emplace(number, end);
    }
    return true;
  }
  bool contains(u32 number) const {
    const auto above = ranges_.upper_bound(number);
    return above != ranges_.begin() && number < std::prev(above)->second;
  }
  u64 size() const { return count_; }
  u64 ranges() const { return ranges_.size(); }

 private:
  std::map<u32, u32> ranges_;  // first number, end
  u64 count_ = 0;
};

}  // namespace tiptoe::record
