// build: -pthread
// hazard: 6.8
// Hazard: 1000 threads at once, each in code, with signals and a stack of its own; what a tracer
// keeps for a thread must not be much.
#include "hazard.h"

enum { kThreads = 1000 };
static pthread_barrier_t all_there, all_done;
static int counts[kThreads];

static void* work(void* argument) {
  int* count = argument;
  char text[32];
  for (int i = 0; i < 50; ++i) *count += snprintf(text, sizeof text, "%d", i);
  pthread_barrier_wait(&all_there);
  pthread_barrier_wait(&all_done);
  return argument;
}

int main(void) {
  static pthread_t threads[kThreads];
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  pthread_barrier_init(&all_there, NULL, kThreads + 1);
  pthread_barrier_init(&all_done, NULL, kThreads + 1);
  const long before = status_kib("RssAnon");
  for (int i = 0; i < kThreads; ++i) {
    if (pthread_create(&threads[i], &attributes, work, &counts[i]) != 0) return 1;
  }
  pthread_barrier_wait(&all_there);
  const long grown = status_kib("RssAnon") - before;
  printf("threads %ld\n", status_kib("Threads"));
  fprintf(stderr, "%s", grown < kThreads * 64 ? "" : "a thread costs more than 64 KiB\n");
  if (getenv("HAZARD_MEASURE") != NULL)
    fprintf(stderr, "KiB a thread: %.1f\n", 1.0 * grown / kThreads);
  pthread_barrier_wait(&all_done);
  long sum = 0;
  for (int i = 0; i < kThreads; ++i) {
    pthread_join(threads[i], NULL);
    sum += counts[i];
  }
  printf("sum %ld\n", sum);
  return 0;
}
