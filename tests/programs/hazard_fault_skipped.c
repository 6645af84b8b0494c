// hazard: 4.2
// Hazard: a SIGSEGV handler changes rip and registers of the context it was given.
#include "hazard.h"

static volatile int faults;

static void skip(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info;
  greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  registers[REG_RIP] += 2;
  registers[REG_RAX] = 77 + ++faults;
  registers[REG_EFL] |= 1;
}

int main(void) {
  handle_with_info(SIGSEGV, skip, 0);
  long sum = 0, carries = 0;
  for (int i = 0; i < 100; ++i) {
    long value;
    unsigned char carry;
    __asm__ volatile(
        "xor %%ecx, %%ecx\n"
        ".byte 0x8b, 0x01\n"  // mov (%rcx), %eax
        "setc %1\n"
        : "=a"(value), "=r"(carry)::"rcx", "cc");
    sum += value;
    carries += carry;
  }
  printf("%d faults, sum %ld, %ld carries\n", faults, sum, carries);
  return 0;
}
