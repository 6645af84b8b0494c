#include "sys/lock.h"

#include <linux/futex.h>
#include <linux/time_types.h>

#include "sys/shared_page.h"
#include "sys/syscall.h"

namespace tiptoe::sys {

void Lock::acquire() {
  for (int spin = 0; spin < 200; ++spin) {
    u32 free = 0;
    if (__atomic_compare_exchange_n(&word_, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
      return;
    }
    asm volatile("pause");
  }
  while (__atomic_exchange_n(&word_, 2, __ATOMIC_ACQ_REL) != 0) {
    if (take_lent()) return;
    wait();
  }
}

void Lock::release() {
  if (__atomic_exchange_n(&word_, 0, __ATOMIC_RELEASE) == 2) {
    call(__NR_futex, &word_, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
  }
}

// Nobody tells when a lock that is lent may be taken: it is looked at again and again.
void Lock::wait() {
  const __kernel_timespec soon{0, 1'000'000};
  const bool lent = __atomic_load_n(&lent_, __ATOMIC_ACQUIRE) != 0;
  call(__NR_futex, &word_, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 2, lent ? &soon : nullptr);
}

// True: the caller holds it now, instead of the thread that forks.
bool Lock::take_lent() {
  u64 token = __atomic_load_n(&lent_, __ATOMIC_ACQUIRE);
  return token != 0 && is_shared_page(__atomic_load_n(&page_, __ATOMIC_RELAXED)) &&
         __atomic_compare_exchange_n(&lent_, &token, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

// The word becomes 1, so that a thread that has not seen the token, and is about to wait without a
// limit for 2 to change, looks again.
void Lock::lend(u64 token, u64 page) {
  __atomic_store_n(&page_, page, __ATOMIC_RELAXED);
  __atomic_store_n(&lent_, token, __ATOMIC_RELEASE);
  __atomic_store_n(&word_, 1, __ATOMIC_RELEASE);
  call(__NR_futex, &word_, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 0x7fffffff);
}

void Lock::end_lending(u64 token) {
  if (__atomic_compare_exchange_n(&lent_, &token, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
    release();
  }
}

}  // namespace tiptoe::sys
