#include "sys/lock.h"

#include <linux/futex.h>

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
  while (__atomic_exchange_n(&word_, 2, __ATOMIC_ACQUIRE) != 0) {
    call(__NR_futex, &word_, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 2, 0);
  }
}

void Lock::release() {
  if (__atomic_exchange_n(&word_, 0, __ATOMIC_RELEASE) == 2) {
    call(__NR_futex, &word_, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
  }
}

}  // namespace tiptoe::sys
