// run: %
// run: setarch -R %
// build: -pthread
// hazard: 3.4 6.8
// Hazard: 64 threads alive at a time, created and joined 20 times over.
#include "hazard.h"

enum { kThreads = 64, kRounds = 20 };

static pthread_barrier_t all_here;

static void* meet(void* argument) {
  pthread_barrier_wait(&all_here);
  return (void*)((long)argument * 3);
}

int main(void) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  pthread_barrier_init(&all_here, NULL, kThreads + 1);
  long sum = 0;
  for (int round = 0; round < kRounds; ++round) {
    pthread_t threads[kThreads];
    for (long i = 0; i < kThreads; ++i) {
      if (pthread_create(&threads[i], &attributes, meet, (void*)i) != 0)
        return printf("no thread %ld in round %d\n", i, round), 1;
    }
    pthread_barrier_wait(&all_here);
    for (int i = 0; i < kThreads; ++i) {
      void* result;
      pthread_join(threads[i], &result);
      sum += (long)result;
    }
  }
  printf("sum %ld\n", sum);
  return 0;
}
