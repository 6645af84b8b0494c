// hazard: 1.11
// Hazard: transactional memory. A transaction may always abort: the program takes its other path
// then, and the result is the same. xtest and xabort outside of one; xend outside of one faults.
#include <cpuid.h>

#include "hazard.h"

static sigjmp_buf back;
static void on_fault(int signal) {
  siglongjmp(back, signal);
}
static long counter;
static int lock;

int main(void) {
  unsigned a, b, c, d;
  __cpuid_count(7, 0, a, b, c, d);
  if ((b & 1u << 11) == 0) return printf("none\n"), 0;
  for (int i = 0; i < 10000; ++i) {
    register unsigned status __asm__("eax") = ~0u;
    long kept = i;
    __asm__ volatile("push %1; xbegin 1f; 1: pop %1" : "+a"(status), "+r"(kept)::"memory");
    if (status == ~0u) {
      ++counter;
      __asm__ volatile("xend" ::: "memory");
    } else {
      while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE) != 0) {
      }
      ++counter;
      __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
    }
    if (kept != i) return printf("lost\n"), 1;
  }
  printf("counter %ld\n", counter);
  unsigned char in;
  __asm__ volatile("xtest; setnz %0" : "=q"(in)::"cc");
  __asm__ volatile("xabort $5");
  printf("xtest %d\n", in);
  handle(SIGSEGV, on_fault, SA_NODEFER);
  const int signal = sigsetjmp(back, 1);
  if (signal == 0) __asm__ volatile("xend");
  printf("xend: signal %d\n", signal);
  return 0;
}
