// build: -pthread
// hazard: 3.4 4.4
// Hazard: signals for the process while its main thread is busy making threads: they hit threads
// that have hardly begun. Several threads make short-lived ones at a time.
#include "hazard.h"

enum { kMakers = 3, kRounds = 60, kAtOnce = 6 };

static volatile int ticks;

static void tick(int signal) {
  (void)signal;
  __atomic_fetch_add(&ticks, 1, __ATOMIC_RELAXED);
}

static void* square(void* number) {
  const long n = (long)number;
  return (void*)(n * n);
}

static void* make(void* unused) {
  (void)unused;
  long sum = 0;
  for (long round = 0; round < kRounds; ++round) {
    pthread_t threads[kAtOnce];
    for (long i = 0; i < kAtOnce; ++i) {
      if (pthread_create(&threads[i], NULL, square, (void*)(round + i)) != 0) abort();
    }
    for (int i = 0; i < kAtOnce; ++i) {
      void* result;
      pthread_join(threads[i], &result);
      sum += (long)result;
    }
  }
  return (void*)sum;
}

int main(void) {
  handle(SIGALRM, tick, SA_RESTART);
  start_timer(50);
  pthread_t makers[kMakers];
  for (int i = 0; i < kMakers; ++i) pthread_create(&makers[i], NULL, make, NULL);
  for (int i = 0; i < kMakers; ++i) {
    void* sum;
    pthread_join(makers[i], &sum);
    printf("sum %ld\n", (long)sum);
  }
  start_timer(0);
  return 3;
}
