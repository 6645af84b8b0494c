// build: -pthread
// hazard: 3.8 4.4
// Hazard: exit_group of processes and exit of threads under a storm of signals, with r15 (or any
// other register a tracer may like) holding 0 or a pointer that can be read.
#include "hazard.h"

static long readable[512];

static void nothing(int signal) {
  (void)signal;
}

static void leave(long number, void* r15) {
  __asm__ volatile(
      "mov %0, %%r15\n"
      "1: syscall\n"
      "  jmp 1b\n" ::"r"(r15),
      "a"(number), "D"(7)
      : "rcx", "r11", "r15", "memory");
}

static void* end_thread(void* r15) {
  leave(SYS_exit, r15);
  return NULL;
}

int main(void) {
  int bad = 0;
  for (int i = 0; i < 50; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      handle(SIGALRM, nothing, SA_RESTART);
      start_timer(50);
      pthread_t threads[3];
      for (int k = 0; k < 3; ++k)
        pthread_create(&threads[k], NULL, end_thread, k & 1 ? readable : NULL);
      for (int k = 0; k < 3; ++k) pthread_join(threads[k], NULL);
      leave(SYS_exit_group, i & 1 ? readable : NULL);
    }
    bad += wait_for(child) != 7 << 8;
  }
  printf("%d children went wrong\n", bad);
  return bad != 0;
}
