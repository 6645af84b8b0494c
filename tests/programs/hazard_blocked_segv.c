// hazard: 4.6
// Hazard: SIGSEGV that was sent, not caused, waits while it is blocked and comes afterwards; one
// that is caused while blocked kills.
#include "hazard.h"

static volatile int calls;

static void count(int signal) {
  (void)signal;
  ++calls;
}

int main(void) {
  sigset_t segv, before;
  sigemptyset(&segv);
  sigaddset(&segv, SIGSEGV);
  handle(SIGSEGV, count, 0);
  sigprocmask(SIG_BLOCK, &segv, &before);
  kill(getpid(), SIGSEGV);
  for (volatile int i = 0; i < 1000; ++i) getppid();
  printf("blocked: %d calls\n", calls);
  sigprocmask(SIG_SETMASK, &before, NULL);
  printf("unblocked: %d calls\n", calls);
  fflush(stdout);
  sigprocmask(SIG_BLOCK, &segv, NULL);
  *(volatile int*)8 = 1;
  return 1;
}
