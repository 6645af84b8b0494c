// hazard: 4.6
// Hazard: a blocked signal waits, is pending, and comes when it is unblocked, once.
#include "hazard.h"

static volatile int calls;

static void count(int signal) {
  (void)signal;
  ++calls;
}

int main(void) {
  sigset_t usr1, before, pending;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  handle(SIGUSR1, count, 0);
  for (int i = 0; i < 100; ++i) {
    sigprocmask(SIG_BLOCK, &usr1, &before);
    raise(SIGUSR1);
    raise(SIGUSR1);
    sigpending(&pending);
    const int held = calls;
    const int waits = sigismember(&pending, SIGUSR1);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (held != i || waits != 1 || calls != i + 1)
      return printf("round %d: %d %d %d\n", i, held, waits, calls), 1;
  }
  printf("%d calls\n", calls);
  return 0;
}
