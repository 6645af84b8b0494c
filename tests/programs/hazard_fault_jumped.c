// hazard: 4.2
// Hazard: siglongjmp out of a SIGSEGV handler, 1000 times; the handler never returns.
#include "hazard.h"

static sigjmp_buf back;

static void jump_out(int signal) {
  siglongjmp(back, signal);
}

int main(void) {
  handle(SIGSEGV, jump_out, 0);
  volatile int jumps = 0;
  for (volatile int i = 0; i < 1000; ++i) {
    const int signal = sigsetjmp(back, 1);
    if (signal == 0) *(volatile int*)16 = i;
    jumps += signal == SIGSEGV;
  }
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  printf("%d jumps, blocked %d\n", jumps, sigismember(&mask, SIGSEGV));
  return 0;
}
