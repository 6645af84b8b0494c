// hazard: 6.1
// Hazard: the program looks at the time in every way: no clock goes backwards or differs from
// another, by the vdso, by system calls and by the processor's counter; a sleep lasts as long as it
// should.
#include "hazard.h"

#include <x86intrin.h>

static int64_t now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t asked(clockid_t clock) {
  struct timespec time;
  syscall(SYS_clock_gettime, clock, &time);
  return time.tv_sec * 1000000000 + time.tv_nsec;
}

int main(void) {
  int backwards = 0;
  uint64_t last_count = 0;
  int64_t last = 0;
  for (int i = 0; i < 2000; ++i) {
    unsigned processor;
    const uint64_t count = i % 2 ? __rdtscp(&processor) : __rdtsc();
    const int64_t time = i % 3 ? now(CLOCK_MONOTONIC) : asked(CLOCK_MONOTONIC);
    backwards += count < last_count || time < last;
    last_count = count;
    last = time;
  }
  struct timeval of_day;
  gettimeofday(&of_day, NULL);
  const int64_t difference = now(CLOCK_REALTIME) / 1000000000 - of_day.tv_sec;
  printf("backwards %d, clocks agree %d\n", backwards, difference >= 0 && difference < 30);
  const int64_t start = now(CLOCK_MONOTONIC);
  struct timespec pause = {0, 20000000};
  while (nanosleep(&pause, &pause) != 0) {
  }
  const int64_t slept = now(CLOCK_MONOTONIC) - start;
  printf("slept long enough %d, used processor time %d\n", slept >= 20000000,
         now(CLOCK_PROCESS_CPUTIME_ID) > 0 && now(CLOCK_THREAD_CPUTIME_ID) > 0);
  return 0;
}
