// hazard: 2.2 4.1
// Hazard: asynchronous signals come while the AC flag is set, which the kernel leaves set for
// handlers.
#include "hazard.h"

static volatile int ticks;

static void tick(int signal) {
  (void)signal;
  ++ticks;
}

int main(void) {
  handle(SIGALRM, tick, SA_RESTART);
  start_timer(200);
  while (ticks < 50)
    __asm__ volatile(
        "lea -128(%%rsp), %%rsp\n"
        "pushf; orl $0x40000, (%%rsp); popf\n"
        "mov $10000, %%eax; 1: dec %%eax; jnz 1b\n"
        "pushf; andl $~0x40000, (%%rsp); popf\n"
        "lea 128(%%rsp), %%rsp\n" ::
            : "rax", "memory", "cc");
  start_timer(0);
  puts("done");
  return 0;
}
