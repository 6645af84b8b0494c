// The thread that drains all images of a session as their doorbells ring, and writes the trace.
//
// Draining and compressing are one thread's work: a chunk is compressed straight out of shared
// memory (no copy), densely (zstd) while that keeps up and fast (LZ4) when sealed chunks pile up.
// The program waits (backlog_limit) rather than lose words when even that is too slow.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/types.h"
#include "record/doorbells.h"
#include "record/image_drain.h"
#include "record/recorder_lock.h"
#include "trace/writer.h"

namespace tiptoe::record {

class DrainThread {
 public:
  struct Events {
    std::function<void(u32 image)> on_image_done;  // called on the drain thread
    std::function<void()> on_write_failed;         // once
  };
  struct NewImage {
    std::unique_ptr<ImageDrain> drain;
    trace::ImageInfo info;
    pid_t pid;
    u32 parent_image;
    u32 parent_process;
  };
  struct Result {
    DrainTotals totals;
    u32 images = 0;
    bool processes_left = false;  // some still ran when the recording ended
  };

  // `pidfd_poll`: an epoll descriptor to which the processes' pidfds are added; when it is
  // readable, call wake().
  DrainThread(RecorderLock& lock, int pidfd_poll, Events events);
  ~DrainThread();

  // Before the first image; without it nothing is written. The thread's alone until finish()
  // returns.
  void set_writer(trace::Writer* writer) { writer_ = writer; }
  void add(NewImage image);
  void wake() { bells_.wake(); }
  // Ends the recording: takes what there is, tells what still runs to go on without us.
  Result finish();

 private:
  void run();
  void pass();
  void take_new_images();
  void watch_pidfds(ImageDrain& drain);
  void retire(std::map<u32, std::unique_ptr<ImageDrain>>::iterator image);
  void check_writer();
  void finish_all();
  void keep_ended(ImageDrain& drain);
  void write_ends();

  trace::Writer* writer_ = nullptr;
  RecorderLock& lock_;
  int pidfd_poll_;
  Events events_;
  Doorbells bells_;
  std::mutex mutex_;
  std::vector<NewImage> incoming_;
  std::map<u32, std::unique_ptr<ImageDrain>> images_;
  std::map<u32, std::vector<ImageDrain::EndedProcess>> ended_;  // by image, of those that are done
  Result result_;
  bool stopped_ = false;
  std::atomic<bool> finishing_ = false;
  std::thread thread_;
};

}  // namespace tiptoe::record
