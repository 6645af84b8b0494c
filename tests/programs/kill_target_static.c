// build: -nostdlib -static -ffreestanding -fno-inline
//
// The program that the kill tests kill: one thread, always the same path, in rounds. It tells on
// its standard output which round it has finished, and sleeps a little, so that there are moments
// to choose from. A round runs some calls, a loop and an indirect call.
#include "path_c.h"

enum { kRounds = 150 };

static unsigned mix(unsigned x) {
  return x * 2654435761u ^ x >> 13;
}

static unsigned even(unsigned x) {
  return mix(x) + 1;
}
static unsigned odd(unsigned x) {
  return x & 2 ? mix(x) : x + 3;
}
static unsigned (*const kSteps[])(unsigned) = {even, odd};

// The label lets the test find this system call in the path.
__attribute__((noinline)) static void tell(unsigned round) {
  char line[4] = {'0' + round / 100, '0' + round / 10 % 10, '0' + round % 10, '\n'};
  long result = kWrite;
  __asm__ volatile(".globl tell_syscall\ntell_syscall:\n  syscall"
                   : "+a"(result)
                   : "D"(1L), "S"(line), "d"(4L)
                   : "rcx", "r11", "memory");
}

static int run(void) {
  unsigned x = 1;
  for (unsigned round = 0; round < kRounds; ++round) {
    for (int i = 0; i < 40; ++i) x = kSteps[x & 1](x);
    tell(round);
    const long half_a_millisecond[2] = {0, 500000};
    system_call3(kNanosleep, (long)half_a_millisecond, 0, 0);
  }
  return 0;
}
