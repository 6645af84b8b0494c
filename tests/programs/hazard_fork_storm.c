// modes: heavy (thousands of processes)
// hazard: 3.5 4.4
// Hazard: fork again and again while SIGALRM and SIGCHLD come all the time.
#include "hazard.h"

static void nothing(int signal) {
  (void)signal;
}

int main(void) {
  handle(SIGALRM, nothing, SA_RESTART);
  handle(SIGCHLD, nothing, SA_RESTART);
  start_timer(50);
  int bad = 0;
  for (int i = 0; i < 500; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(i % 100);
    bad += child < 0 || wait_for(child) != i % 100 << 8;
  }
  start_timer(0);
  printf("%d children went wrong\n", bad);
  return bad != 0;
}
