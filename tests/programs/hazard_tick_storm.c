// build: -pthread
// hazard: 4.4
// Hazard: a fast timer interrupts recursion, formatted output and threads; nothing is computed
// wrongly and the program still gets on.
#include "hazard.h"

static volatile int ticks;

static void tick(int signal) {
  (void)signal;
  ++ticks;
}

static int recurse(int depth) {
  volatile char room[1000];
  room[0] = (char)depth;
  return depth ? recurse(depth - 1) + room[0] : 0;
}

static void* mix(void* start) {
  long x = (long)start;
  for (long i = 0; i < 2000000; ++i) x += i ^ (long)((unsigned long)x << 1);
  return (void*)x;
}

int main(void) {
  handle(SIGALRM, tick, SA_RESTART);
  start_timer(200);
  long sum = 0;
  for (int i = 0; i < 300; ++i) {
    char text[64];
    sum += recurse(i % 50) + snprintf(text, sizeof text, "%d %g", i, i * 1.5);
  }
  pthread_t threads[4];
  for (long i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, mix, (void*)i);
  for (int i = 0; i < 4; ++i) {
    void* result;
    pthread_join(threads[i], &result);
    printf("thread %d: %lx\n", i, (long)result);
  }
  while (ticks < 200) sum += recurse(1) - 1;
  start_timer(0);
  printf("sum %ld\n", sum);
  return 3;
}
