// modes: no-ticks (counts what interrupts nanosleep)
// hazard: 3.11
// Hazard: a signal ends nanosleep with EINTR and the time left, and with SA_RESTART restarts read.
#include "hazard.h"

static int ends[2];

static void nothing(int signal) {
  (void)signal;
}

static void feed(int signal) {
  (void)signal;
  if (write(ends[1], "x", 1) != 1) _exit(9);
}

static void ring_after(int microseconds) {
  const struct itimerval timer = {{0, 0}, {0, microseconds}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

int main(void) {
  handle(SIGALRM, nothing, SA_RESTART);
  struct timespec time = {60, 0};
  ring_after(10000);
  const int result = nanosleep(&time, &time);
  printf("nanosleep %d, interrupted %d, time left %d\n", result, errno == EINTR,
         time.tv_sec >= 30 && time.tv_sec < 60);

  char byte;
  if (pipe(ends) != 0) return 2;
  handle(SIGALRM, feed, SA_RESTART);
  ring_after(10000);
  printf("read %zd\n", read(ends[0], &byte, 1));
  handle(SIGALRM, nothing, 0);
  ring_after(10000);
  const ssize_t got = read(ends[0], &byte, 1);
  printf("read %zd, interrupted %d\n", got, errno == EINTR);
  return 0;
}
