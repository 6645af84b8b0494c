// hazard: 4.4
// Hazard: SA_RESETHAND forgets the handler when it is called, SA_NODEFER lets the signal nest,
// sa_mask blocks others meanwhile.
#include "hazard.h"

static volatile int depth, deepest, usr2_calls, usr2_seen_inside;

static void nest(int signal) {
  if (++depth > deepest) deepest = depth;
  if (depth < 5) raise(signal);
  --depth;
}

static void count_usr2(int signal) {
  (void)signal;
  ++usr2_calls;
}

static void send_usr2(int signal) {
  (void)signal;
  raise(SIGUSR2);
  usr2_seen_inside += usr2_calls;
}

int main(void) {
  handle(SIGUSR1, nest, SA_NODEFER);
  raise(SIGUSR1);
  printf("nested %d deep\n", deepest);

  struct sigaction action = {.sa_handler = send_usr2};
  sigaddset(&action.sa_mask, SIGUSR2);
  sigaction(SIGUSR1, &action, NULL);
  handle(SIGUSR2, count_usr2, 0);
  raise(SIGUSR1);
  printf("%d calls inside, %d afterwards\n", usr2_seen_inside, usr2_calls);

  handle(SIGTERM, count_usr2, SA_RESETHAND);
  raise(SIGTERM);
  sigaction(SIGTERM, NULL, &action);
  printf("%d calls, default again %d\n", usr2_calls, action.sa_handler == SIG_DFL);
  fflush(stdout);
  raise(SIGTERM);
  return 1;
}
