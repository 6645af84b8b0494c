// build: -Wno-infinite-recursion
// hazard: 4.5
// Hazard: the stack overflows; a handler on the alternate stack catches it, three times.
#include "hazard.h"

static sigjmp_buf back;
static char alternate[65536];
static volatile int on_alternate;

static void jump_out(int signal) {
  stack_t now;
  sigaltstack(NULL, &now);
  on_alternate += now.ss_flags == SS_ONSTACK;
  siglongjmp(back, signal);
}

static int overflow(int depth) {
  volatile char room[4096];
  room[depth % 4096] = (char)depth;
  return overflow(depth + 1) + room[0];
}

int main(void) {
  const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&stack, NULL);
  handle(SIGSEGV, jump_out, SA_ONSTACK);
  for (volatile int i = 0; i < 3; ++i) {
    if (sigsetjmp(back, 1) == 0) return overflow(0);
    puts("overflow caught");
  }
  printf("%d times on the alternate stack\n", on_alternate);
  return 0;
}
