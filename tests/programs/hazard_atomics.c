// build: -pthread -mcx16
// hazard: 6.7
// Hazard: atomic instructions are copied as they are: four threads count exactly, with lock add,
// xadd, cmpxchg, cmpxchg16b, xchg as a lock; a store is seen in order by another thread, and
// Dekker's algorithm excludes with mfence.
#include "hazard.h"

#include <sched.h>

enum { kThreads = 4, kRounds = 100000 };

static long added, exchanged, compared, locked;
static int lock;
static __int128 wide;
static volatile int wants[2], turn, data, flag;
static long protected_count;

static void* count(void* unused) {
  (void)unused;
  for (int i = 0; i < kRounds; ++i) {
    __asm__ volatile("lock addq $1, %0" : "+m"(added));
    __atomic_fetch_add(&exchanged, 2, __ATOMIC_SEQ_CST);
    long seen = __atomic_load_n(&compared, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&compared, &seen, seen + 3, 0, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED)) {
    }
    if (i % 16) continue;
    while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE)) sched_yield();
    ++locked;
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
    char swapped = 0;
    while (!swapped) {
      uint64_t low = (uint64_t)wide, high = (uint64_t)(wide >> 64);
      const __int128 old = (__int128)high << 64 | low;
      const __int128 next = old + ((__int128)1 << 64) + 5;
      __asm__ volatile("lock cmpxchg16b %1\n\tsetz %0"
                       : "=q"(swapped), "+m"(wide), "+a"(low), "+d"(high)
                       : "b"((uint64_t)next), "c"((uint64_t)(next >> 64))
                       : "cc");
    }
  }
  return NULL;
}

static void* exclude(void* which) {
  const int me = which != NULL;
  for (int i = 0; i < 2000; ++i) {
    wants[me] = 1;
    turn = !me;
    __asm__ volatile("mfence" ::: "memory");
    while (wants[!me] && turn == !me) sched_yield();
    ++protected_count;
    __asm__ volatile("" ::: "memory");
    wants[me] = 0;
  }
  return NULL;
}

static void* publish(void* unused) {
  for (int i = 1; i <= 3000; ++i) {
    data = i;
    flag = i;
    while (flag == i) sched_yield();
  }
  return unused;
}

int main(void) {
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i) pthread_create(&threads[i], NULL, count, NULL);
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  printf("%ld %ld %ld %ld %lx:%lx\n", added, exchanged, compared, locked, (long)(wide >> 64),
         (long)wide);
  for (long i = 0; i < 2; ++i) pthread_create(&threads[i], NULL, exclude, (void*)i);
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
  printf("excluded %ld\n", protected_count);
  pthread_create(&threads[0], NULL, publish, NULL);
  int wrong = 0;
  for (int i = 1; i <= 3000; ++i) {
    while (flag != i) sched_yield();
    wrong += data != i;
    flag = 0;
  }
  pthread_join(threads[0], NULL);
  printf("out of order %d\n", wrong);
  return 0;
}
