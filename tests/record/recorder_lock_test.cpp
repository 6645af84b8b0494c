// Whatever ends the recorder, the traced processes learn of it.
#include "record/recorder_lock.h"

#include <gtest/gtest.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "record/futex.h"

namespace tiptoe::record {
namespace {

struct TestSegment {
  TestSegment() : fd(memfd_create("", MFD_CLOEXEC)) {
    inject::SegmentOptions options;
    options.chunk_count = 16;
    EXPECT_TRUE(inject::initialise_segment(fd.get(), options));
  }
  inject::SegmentMapping map() const {
    return std::move(*inject::SegmentMapping::map(fd.get(), inject::segment_bytes(16)));
  }
  UniqueFd fd;
};

u32 load(u32& word) {
  return std::atomic_ref(word).load();
}

// Runs `recorder` in a child until it is killed.
void kill_recorder(const std::function<void(int ready)>& recorder) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    recorder(ready[1]);
    _exit(1);
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

TEST(RecorderLock, a_killed_recorder_is_marked_in_every_segment_and_wakes_a_waiter) {
  TestSegment segments[3];
  const inject::SegmentMapping first = segments[0].map(), second = segments[1].map(),
                               forgotten = segments[2].map();
  std::thread waiter([&] {
    u32& word = second.control().recorder_lock;
    while (load(word) == 0) futex_wait(word, 0, 5);
    for (u32 now = load(word); !(now & FUTEX_OWNER_DIED); now = load(word)) {
      futex_wait(word, now, -1);  // without an end: only the kernel can wake us
    }
  });
  kill_recorder([&](int ready) {
    RecorderLock lock;
    const inject::SegmentMapping mine[] = {segments[0].map(), segments[1].map(), segments[2].map()};
    for (const inject::SegmentMapping& mapping : mine) lock.hold(mapping);
    lock.forget(mine[2]);
    (void)!write(ready, "x", 1);
    pause();
  });
  waiter.join();
  EXPECT_TRUE(load(first.control().recorder_lock) & FUTEX_OWNER_DIED);
  EXPECT_TRUE(load(second.control().recorder_lock) & FUTEX_OWNER_DIED);
  EXPECT_FALSE(load(forgotten.control().recorder_lock) & FUTEX_OWNER_DIED);
  EXPECT_NE(load(forgotten.control().recorder_lock), 0u);
}

TEST(RecorderLock, an_orderly_end_is_marked_too) {
  TestSegment segment;
  const inject::SegmentMapping mapping = segment.map();
  {
    RecorderLock lock;
    lock.hold(mapping);
    EXPECT_NE(load(mapping.control().recorder_lock) & FUTEX_TID_MASK, 0u);
    EXPECT_FALSE(load(mapping.control().recorder_lock) & FUTEX_OWNER_DIED);
  }
  EXPECT_TRUE(load(mapping.control().recorder_lock) & FUTEX_OWNER_DIED);
}

}  // namespace
}  // namespace tiptoe::record
