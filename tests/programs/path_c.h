// For the programs in C without libc: the start and the few system calls they need. Each is built
// with
//   // build: -nostdlib -static -ffreestanding …
// and defines run(), whose result is the exit status.
#pragma once

static int run(void);

static inline long system_call3(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c)
                   : "rcx", "r11", "memory");
  return result;
}

enum { kWrite = 1, kNanosleep = 35, kExit = 60 };

__attribute__((used, noreturn)) static void start_c(void) {
  system_call3(kExit, run(), 0, 0);
  __builtin_unreachable();
}

__asm__(
    ".globl _start\n"
    "_start:\n"
    "  xor %ebp, %ebp\n"
    "  and $-16, %rsp\n"
    "  call start_c\n");
