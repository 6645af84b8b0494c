// run: %
// run: setarch -R %
// build: -pthread
// hazard: 3.4
// Hazard: six threads at once create and join short-lived threads: a new thread may have ended, and
// its memory may serve another one, before its maker has returned from clone.
#include "hazard.h"

enum { kMakers = 6, kThreads = 15, kRounds = 20 };

static void* body(void* argument) {
  return (void*)((long)argument * 3 + 1);
}

static void* maker(void* argument) {
  long sum = 0;
  for (int round = 0; round < kRounds; ++round) {
    pthread_t threads[kThreads];
    for (long i = 0; i < kThreads; ++i) {
      if (pthread_create(&threads[i], NULL, body, (void*)(i + (long)argument)) != 0) abort();
    }
    for (int i = 0; i < kThreads; ++i) {
      void* result;
      if (pthread_join(threads[i], &result) != 0) abort();
      sum += (long)result;
    }
  }
  return (void*)sum;
}

int main(void) {
  pthread_t makers[kMakers];
  for (long i = 0; i < kMakers; ++i) pthread_create(&makers[i], NULL, maker, (void*)i);
  for (int i = 0; i < kMakers; ++i) {
    void* sum;
    pthread_join(makers[i], &sum);
    printf("%ld\n", (long)sum);
  }
}
