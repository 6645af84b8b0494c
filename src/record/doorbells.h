// Sleeping until any of several segments' doorbells rings.
//
// One futex_waitv call (Linux 5.16) covers 127 segments and a word of our own, with which other
// threads wake the sleeper. More segments than that, or an older kernel, are polled.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "base/types.h"

namespace tiptoe::record {

class Doorbells {
 public:
  // The words as they were before their owner looked for work: a ring since then ends the wait.
  using Seen = std::vector<std::pair<const u32*, u32>>;

  // seen() and wait() are for one thread, the sleeper; add() and wake() for any.
  void add(u32 image, const u32& doorbell);
  void wake();
  // By the sleeper, while it is awake; or by another thread, which waits until the sleeper has let
  // go of the word (it must be sleeping or about to).
  void remove_by_sleeper(u32 image);
  void remove_by_other(u32 image);

  Seen seen();
  void wait(const Seen& seen);

 private:
  std::mutex mutex_;
  std::condition_variable awake_;
  u64 passes_ = 0;  // of the sleeper
  std::map<u32, const u32*> words_;
  u32 own_word_ = 0;
};

}  // namespace tiptoe::record
