#include "record/doorbells.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "record/futex.h"

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

namespace tiptoe::record {
namespace {

constexpr size_t kMostWaiters = 128;  // the kernel's FUTEX_WAITV_MAX
constexpr int kPollMs = 2;

u32 load(const u32& word) {
  return std::atomic_ref(const_cast<u32&>(word)).load();
}

// struct futex_waitv of linux/futex.h, which Debian 12's headers have and older ones lack.
struct Waiter {
  u64 value;
  u64 address;
  u32 flags;
  u32 reserved;
};
constexpr u32 kFutex32 = 2;  // a 32-bit word, shared between processes

// Our own word comes first: once it has changed, the others may be gone.
bool changed(const Doorbells::Seen& seen) {
  for (const auto& [word, value] : seen) {
    if (load(*word) != value) return true;
  }
  return false;
}

}  // namespace

void Doorbells::add(u32 image, const u32& doorbell) {
  {
    const std::lock_guard lock(mutex_);
    words_[image] = &doorbell;
  }
  wake();
}

// Waking ourselves keeps the next wait from looking at what was seen before.
void Doorbells::remove_by_sleeper(u32 image) {
  const std::lock_guard lock(mutex_);
  words_.erase(image);
  wake();
}

void Doorbells::remove_by_other(u32 image) {
  std::unique_lock lock(mutex_);
  if (words_.erase(image) == 0) return;
  wake();
  awake_.wait(lock, [this, before = passes_] { return passes_ != before; });
}

void Doorbells::wake() {
  std::atomic_ref(own_word_).fetch_add(1);
  futex_wake_all(own_word_);
}

Doorbells::Seen Doorbells::seen() {
  const std::lock_guard lock(mutex_);
  ++passes_;
  awake_.notify_all();
  Seen seen = {{&own_word_, load(own_word_)}};
  for (const auto& [image, word] : words_) seen.emplace_back(word, load(*word));
  return seen;
}

void Doorbells::wait(const Seen& seen) {
  if (changed(seen)) return;
  if (seen.size() > kMostWaiters) {
    futex_wait(*seen.front().first, seen.front().second, kPollMs);
    return;
  }
  std::vector<Waiter> waiters;
  for (const auto& [word, value] : seen) {
    waiters.push_back({value, reinterpret_cast<u64>(word), kFutex32, 0});
  }
  const long result =
      syscall(SYS_futex_waitv, waiters.data(), waiters.size(), 0, nullptr, CLOCK_MONOTONIC);
  if (result < 0 && (errno == ENOSYS || errno == EPERM)) {  // EPERM: a container's seccomp filter
    futex_wait(*seen.front().first, seen.front().second, kPollMs);
  }
}

}  // namespace tiptoe::record
