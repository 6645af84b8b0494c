// A sleeper on many segments' doorbells misses no ring and never touches a word it was told to
// leave.
#include "record/doorbells.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "record/futex.h"

namespace tiptoe::record {
namespace {

void ring(u32& word) {
  std::atomic_ref(word).fetch_add(1);
  futex_wake_all(word);
}

TEST(Doorbells, a_ring_between_looking_and_sleeping_is_not_missed) {
  Doorbells bells;
  u32 word = 0;
  bells.add(1, word);
  const Doorbells::Seen seen = bells.seen();
  ring(word);
  bells.wait(seen);  // returns at once, or the test times out
}

TEST(Doorbells, the_ring_of_any_segment_wakes) {
  for (size_t segments : {1u, 3u, 126u, 300u}) {  // 300: more than one system call can wait for
    Doorbells bells;
    std::vector<u32> words(segments);
    for (size_t i = 0; i < segments; ++i) bells.add(static_cast<u32>(i), words[i]);
    const Doorbells::Seen seen = bells.seen();
    std::thread ringer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      ring(words.back());
    });
    while (std::atomic_ref(words.back()).load() == 0) bells.wait(seen);
    ringer.join();
  }
}

TEST(Doorbells, a_word_removed_by_another_thread_is_not_touched_again) {
  Doorbells bells;
  std::atomic<bool> stop = false;
  std::thread sleeper([&] {
    while (!stop) bells.wait(bells.seen());
  });
  for (u32 image = 0; image < 200; ++image) {
    // Unmapped right after the removal: a late look at it would crash.
    void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bells.add(image, *static_cast<u32*>(page));
    if (image % 2) ring(*static_cast<u32*>(page));
    bells.remove_by_other(image);
    munmap(page, 4096);
  }
  stop = true;
  bells.wake();
  sleeper.join();
}

TEST(Doorbells, removing_a_segment_while_awake_ends_the_next_wait) {
  Doorbells bells;
  u32 word = 0;
  bells.add(1, word);
  const Doorbells::Seen seen = bells.seen();
  bells.remove_by_sleeper(1);
  bells.wait(seen);  // what was seen is stale
}

}  // namespace
}  // namespace tiptoe::record
