// hazard: 3.4
// Hazard: a child of clone3 with CLONE_CLEAR_SIGHAND has no handlers, so a fault kills it.
#include <linux/sched.h>
#include "hazard.h"

static void survive(int signal) {
  (void)signal;
  _exit(9);
}

int main(void) {
  handle(SIGSEGV, survive, 0);
  handle(SIGUSR1, survive, 0);
  signal(SIGUSR2, SIG_IGN);
  struct clone_args arguments = {.flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD};
  const pid_t child = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) {
    struct sigaction usr1, usr2;
    sigaction(SIGUSR1, NULL, &usr1);
    sigaction(SIGUSR2, NULL, &usr2);
    dprintf(1, "default %d, ignored %d\n", usr1.sa_handler == SIG_DFL, usr2.sa_handler == SIG_IGN);
    *(volatile int*)8 = 1;
    _exit(1);
  }
  printf("ended by signal %d\n", WTERMSIG(wait_for(child)));
  return 0;
}
