// modes: no-ticks (the first process of a namespace)
// hazard: 3.16 4.6
// Hazard: the first process of a pid namespace does not die of signals that have no handler, sent
// by itself or by its child; it does of a fault. (Where namespaces are forbidden, nothing is
// shown.)
#define _GNU_SOURCE
#include <sched.h>

#include "hazard.h"

static int run_as_init(void) {
  const int signals[] = {SIGTERM, SIGQUIT, SIGSEGV, SIGABRT, SIGILL, SIGSYS, SIGRTMIN, SIGUSR1};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; ++i) {
    raise(signals[i]);
    const pid_t child = fork();
    if (child == 0) {
      kill(getppid(), signals[i]);
      _exit(0);
    }
    wait_for(child);
    printf("%d alive\n", signals[i]);
  }
  fflush(stdout);
  *(volatile int*)8 = 1;
  return 1;
}

int main(void) {
  if (unshare(CLONE_NEWPID) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) _exit(run_as_init());
  const int status = wait_for(child);
  printf("ended by %d\n", WTERMSIG(status));
  return 0;
}
