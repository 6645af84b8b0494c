// hazard: 1.5
// Hazard: swapcontext between stacks of the program's own, so that returns and calls never pair up.
#include "hazard.h"

static ucontext_t back, contexts[3];
static long sum;

static void run(int self) {
  for (int i = 0; i < 2000; ++i) {
    sum += self * i;
    swapcontext(&contexts[self], &contexts[(self + 1) % 3]);
  }
}

int main(void) {
  for (int i = 0; i < 3; ++i) {
    getcontext(&contexts[i]);
    contexts[i].uc_stack.ss_sp = malloc(65536);
    contexts[i].uc_stack.ss_size = 65536;
    contexts[i].uc_link = &back;
    makecontext(&contexts[i], (void (*)(void))run, 1, i);
  }
  swapcontext(&back, &contexts[0]);
  printf("sum %ld\n", sum);
  return 0;
}
