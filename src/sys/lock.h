// A lock for the runtime: a spin, then a futex. Not recursive. The signal handler takes one
// only where it has found its thread outside the runtime, so that the thread holds none.
#pragma once

#include "base/types.h"

namespace tiptoe::sys {

class Lock {
 public:
  void acquire();
  void release();
  // In a forked child: the thread that held it exists no more, or is the caller.
  void reset() { word_ = 0; }

 private:
  u32 word_ = 0;  // 0 free, 1 held, 2 held and somebody waits
};

// Holding one is the proof that functions over shared engine state ask for.
class Held {
 public:
  explicit Held(Lock& lock) : lock_(&lock) { lock_->acquire(); }
  ~Held() {
    if (lock_ != nullptr) lock_->release();
  }
  // The lock stays held beyond this token; somebody else releases it by hand.
  void keep() { lock_ = nullptr; }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  Lock* lock_;
};

}  // namespace tiptoe::sys
