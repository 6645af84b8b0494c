// build: -pthread
// hazard: 1.4
// Hazard: `ret imm16` with an operand that no signed byte holds, interrupted by a storm of signals.
// The stack pointer must be one that the program had, at every signal and after every return.
#include "hazard.h"

long spin(long rounds, char** base);
__asm__(
    "spin: mov %rsp, %rdx\n"
    "  mov %rdx, (%rsi)\n"
    "1: sub $0x100, %rsp\n"
    "  call 2f\n"
    "  cmp %rsp, %rdx\n"
    "  jne 3f\n"
    "  dec %rdi\n"
    "  jnz 1b\n"
    "3: mov %rdx, %rsp\n"
    "  mov %rdi, %rax\n"
    "  ret\n"
    "2: ret $0x100\n");

static char* base;
static volatile long odd;

static void check_stack(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info;
  const long depth = base - (char*)((ucontext_t*)context)->uc_mcontext.gregs[REG_RSP];
  if (base != NULL && depth > 0 && depth < 0x200 && depth != 0x100 && depth != 0x108) odd = depth;
}

int main(void) {
  struct storm storm;
  handle_with_info(SIGURG, check_stack, 0);
  start_storm(&storm, SIGURG);
  const long left = spin(3000000, &base);
  base = NULL;
  stop_storm(&storm);
  printf("rounds left %ld, odd stack %ld\n", left, odd);
  return left != 0 || odd != 0;
}
