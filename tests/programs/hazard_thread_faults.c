// build: -pthread
// hazard: 4.3 4.5
// Hazard: eight threads fault and jump out of the handler at once, each on its own alternate stack.
#include "hazard.h"

static __thread sigjmp_buf back;

static void jump_out(int signal) {
  siglongjmp(back, signal);
}

static void* fault_often(void* count) {
  char alternate[32768];
  const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&stack, NULL);
  for (volatile int i = 0; i < 500; ++i) {
    if (sigsetjmp(back, 1) == 0) *(volatile int*)16 = 1;
    ++*(volatile long*)count;
  }
  return NULL;
}

int main(void) {
  long counts[8] = {0};
  pthread_t threads[8];
  handle(SIGSEGV, jump_out, SA_ONSTACK);
  for (int i = 0; i < 8; ++i) pthread_create(&threads[i], NULL, fault_often, &counts[i]);
  for (int i = 0; i < 8; ++i) pthread_join(threads[i], NULL);
  for (int i = 0; i < 8; ++i) printf("%ld faults\n", counts[i]);
  return 0;
}
