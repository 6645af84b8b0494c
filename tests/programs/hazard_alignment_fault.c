// hazard: 2.2 4.3
// Hazard: with the AC flag set, a misaligned access is a SIGBUS whose handler runs with AC set.
#include "hazard.h"

static volatile int faults, code;

static void skip(int signal, siginfo_t* info, void* context) {
  (void)signal;
  greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  registers[REG_EFL] &= ~0x40000L;
  code = info->si_code;
  ++faults;
}

int main(void) {
  static long area[2];
  handle_with_info(SIGBUS, skip, 0);
  for (int i = 0; i < 20; ++i)
    __asm__ volatile(
        "lea -128(%%rsp), %%rsp\n"
        "pushf; orl $0x40000, (%%rsp); popf\n"
        "mov 1(%0), %%rax\n"
        "lea 128(%%rsp), %%rsp\n" ::"r"(area)
        : "rax", "memory", "cc");
  printf("%d faults, code %d\n", faults, code);
  return 0;
}
