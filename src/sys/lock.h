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
  void reset() { word_ = 0, lent_ = 0; }

  // The holder forks, so that the child gets what is guarded as it is now, and the kernel may hold
  // it in that call for as long as other threads want to do something first. From when the child
  // has its copy, which shows at `page` (docs/TRUST.md), whoever waits for the lock may have it.
  // `token` is the holder's own, not 0.
  void lend(u64 token, u64 page);
  // The fork is over: releases the lock, unless somebody has it.
  void end_lending(u64 token);

 private:
  void wait();
  bool take_lent();
  u32 word_ = 0;  // 0 free, 1 held, 2 held and somebody waits
  u64 lent_ = 0;  // the token
  u64 page_ = 0;
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
  friend class Released;
  Lock* lock_;
};

// The lock is free for as long as one of these lives: for a call in which the kernel may wait for
// another thread of the program.
class Released {
 public:
  explicit Released(const Held& held) : lock_(held.lock_) { lock_->release(); }
  ~Released() { lock_->acquire(); }
  Released(const Released&) = delete;
  Released& operator=(const Released&) = delete;

 private:
  Lock* lock_;
};

}  // namespace tiptoe::sys
