// How traced processes learn that the recorder is gone, whatever killed it.
//
// ControlPage::recorder_lock is a robust futex: its word holds the id of a thread of ours, and when
// that thread dies the kernel sets FUTEX_OWNER_DIED in the word of every entry of the thread's
// robust list and wakes a waiter. The list belongs to a thread made for this purpose alone, because
// set_robust_list replaces the one that glibc registered for the thread (for its own robust
// mutexes, of which this thread has none). The list's nodes lie in the private page in front of
// each segment's mapping, at the same distance from the word in all of them, where the traced
// program cannot reach.
#pragma once

#include <linux/futex.h>

#include <mutex>
#include <thread>

#include "base/types.h"
#include "inject/segment.h"

namespace tiptoe::record {

class RecorderLock {
 public:
  RecorderLock();
  ~RecorderLock();  // as if the recorder died: the kernel marks every word still held
  RecorderLock(const RecorderLock&) = delete;

  // Takes the lock of a segment that nobody uses yet: from now on the kernel will mark its word.
  // Thread-safe.
  void hold(const inject::SegmentMapping& segment);
  // Before the mapping goes away.
  void forget(const inject::SegmentMapping& segment);

 private:
  void run();

  std::mutex mutex_;
  robust_list_head list_{};
  u32 word_ = 0;
  u32 started_ = 0;  // futexes
  u32 stop_ = 0;
  std::thread thread_;
};

}  // namespace tiptoe::record
