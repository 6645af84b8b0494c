// hazard: 1.9
// modes: no-ticks (sixteen bits of a stack pointer are popped)
// Hazard: the operand size prefix on near branches. Processors disagree: Intel's ignore it in
// 64-bit code, AMD's cut the target down to 16 bits. The program does as the processor does,
// whichever.
#include "hazard.h"

static sigjmp_buf back;
static volatile unsigned long pc;
static void on_fault(int signal, siginfo_t* info, void* context) {
  (void)info;
  pc = (unsigned long)((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP];
  siglongjmp(back, signal);
}
#define ATTEMPT(name, code)                                                         \
  do {                                                                              \
    const int signal = sigsetjmp(back, 1);                                          \
    if (signal == 0) {                                                              \
      __asm__ volatile("lea -256(%%rsp), %%rsp\n" code "\nlea 256(%%rsp), %%rsp" :: \
                           : "rax", "rcx", "memory", "cc");                         \
      printf(name ": goes on\n");                                                   \
    } else {                                                                        \
      printf(name ": signal %d %s\n", signal, pc < 0x10000 ? "low" : "high");       \
    }                                                                               \
  } while (0)

int main(void) {
  static char alternate[1 << 16];
  const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&stack, NULL);
  handle_with_info(SIGSEGV, on_fault, SA_ONSTACK | SA_NODEFER);
  handle_with_info(SIGILL, on_fault, SA_ONSTACK | SA_NODEFER);
  for (volatile int round = 0; round < 3; ++round) {
    ATTEMPT("jcc", "cmp %%eax, %%eax; .byte 0x66, 0x74, 2; ud2; nop");
    ATTEMPT("jcc near", "cmp %%eax, %%eax; .byte 0x66, 0x0f, 0x84, 2, 0, 0, 0; ud2; nop");
    ATTEMPT("jmp", ".byte 0x66, 0xe9, 2, 0, 0, 0; ud2; nop");
    ATTEMPT("jmp short", ".byte 0x66, 0xeb, 2; ud2; nop");
    ATTEMPT("call", ".byte 0x66, 0xe8, 2, 0, 0, 0; ud2; lea 8(%%rsp), %%rsp; nop");
    ATTEMPT("ret", "lea 1f(%%rip), %%rax; push %%rax; .byte 0x66, 0xc3; ud2; 1: nop");
    ATTEMPT("ret n", "lea 1f(%%rip), %%rax; push %%rax; .byte 0x66, 0xc2, 0, 0; ud2; 1: nop");
    ATTEMPT("jmp *", "lea 1f(%%rip), %%rax; .byte 0x66, 0xff, 0xe0; ud2; 1: nop");
    ATTEMPT("call *", "lea 1f(%%rip), %%rax; .byte 0x66, 0xff, 0xd0; ud2; 1: lea 8(%%rsp), %%rsp");
    ATTEMPT("jmp *m",
            "lea 1f(%%rip), %%rax; push %%rax; .byte 0x66, 0xff, 0x24, 0x24; ud2; 1: pop %%rax");
    ATTEMPT("loop", "mov $2, %%ecx; .byte 0x66, 0xe2, 2; ud2; nop");
    ATTEMPT("jrcxz", "xor %%ecx, %%ecx; .byte 0x66, 0xe3, 2; ud2; nop");
  }
  return 0;
}
