// build: -pthread
// hazard: 6.8
// Hazard: many threads that live for an instant, one after another and eight at a time: memory does
// not grow with their number.
#include "hazard.h"

static void* nothing(void* argument) {
  return argument;
}

// Without what is shared with others.
static long resident_kib(void) {
  return status_kib("RssAnon");
}

static void start_and_join(int count) {
  enum { kAtOnce = 8 };
  for (int i = 0; i < count; i += kAtOnce) {
    pthread_t threads[kAtOnce];
    for (int k = 0; k < kAtOnce; ++k) {
      if (pthread_create(&threads[k], NULL, nothing, NULL) != 0) abort();
    }
    for (int k = 0; k < kAtOnce; ++k) pthread_join(threads[k], NULL);
  }
}

int main(int argc, char** argv) {
  const int count = argc > 1 ? atoi(argv[1]) : 10000;
  start_and_join(800);
  const long before = resident_kib();
  start_and_join(count);
  const long grown = resident_kib() - before;
  printf("grown by less than 4 MiB: %d\n", grown < 4096);
  if (getenv("HAZARD_MEASURE") != NULL) fprintf(stderr, "grown by %ld KiB\n", grown);
  return 0;
}
