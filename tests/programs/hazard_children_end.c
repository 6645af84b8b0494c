// hazard: 4.6 6.9
// Hazard: 100 children end while their parent makes more; a handler of SIGCHLD collects them, and
// sigsuspend waits for it.
#include "hazard.h"

static volatile int collected;

static void collect(int signal) {
  (void)signal;
  while (waitpid(-1, NULL, WNOHANG) > 0) ++collected;
}

int main(void) {
  handle(SIGCHLD, collect, SA_RESTART | SA_NOCLDSTOP);
  for (int i = 0; i < 100; ++i) {
    if (fork() == 0) _exit(0);
  }
  sigset_t child_ends, before;
  sigemptyset(&child_ends);
  sigaddset(&child_ends, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_ends, &before);
  while (collected < 100) sigsuspend(&before);
  printf("collected %d\n", collected);
  return 0;
}
