#include "record/recorder_lock.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>

#include "record/futex.h"

namespace tiptoe::record {
namespace {

robust_list* node_of(const inject::SegmentMapping& segment) {
  return reinterpret_cast<robust_list*>(segment.private_page());
}

// From the node, at the start of the private page, to the word in the control page behind it.
constexpr long kWordOffset = static_cast<long>(kPageBytes + offsetof(ControlPage, recorder_lock));

// The kernel reads the list at any moment that this process may be killed at.
void store_next(robust_list& node, robust_list* next) {
  std::atomic_ref(node.next).store(next, std::memory_order_release);
}

}  // namespace

RecorderLock::RecorderLock() : thread_([this] { run(); }) {
  while (std::atomic_ref(started_).load() == 0) futex_wait(started_, 0, -1);
}

RecorderLock::~RecorderLock() {
  std::atomic_ref(stop_).store(1);
  futex_wake_all(stop_);
  thread_.join();
}

void RecorderLock::run() {
  list_.list.next = &list_.list;
  list_.futex_offset = kWordOffset;
  syscall(SYS_set_robust_list, &list_, sizeof(list_));
  // FUTEX_WAITERS always: without it the kernel would mark the word but wake nobody.
  word_ = static_cast<u32>(gettid()) | FUTEX_WAITERS;
  std::atomic_ref(started_).store(1);
  futex_wake_all(started_);
  while (std::atomic_ref(stop_).load() == 0) futex_wait(stop_, 0, -1);
}

void RecorderLock::hold(const inject::SegmentMapping& segment) {
  const std::lock_guard lock(mutex_);
  robust_list* node = node_of(segment);
  store_next(*node, list_.list.next);
  store_next(list_.list, node);
  std::atomic_ref(segment.control().recorder_lock).store(word_);
}

void RecorderLock::forget(const inject::SegmentMapping& segment) {
  const std::lock_guard lock(mutex_);
  for (robust_list* at = &list_.list; at->next != &list_.list; at = at->next) {
    if (at->next != node_of(segment)) continue;
    store_next(*at, at->next->next);
    return;
  }
}

}  // namespace tiptoe::record
