// modes: no-ticks (a handler that comes while calls are blocked cannot return)
// hazard: 3.19
// Hazard: the kernel is asked to turn system calls into signals, but for those that come from a
// range of code (prctl(PR_SET_SYSCALL_USER_DISPATCH), as Wine does). A tracer that makes calls from
// its own code is outside of each such range. The program goes another way where the kernel has no
// such thing.
#include "hazard.h"

#include <sys/prctl.h>

static volatile char selector;
static volatile int trapped, code, number;
static void* volatile where;

static void emulate(int signal, siginfo_t* info, void* context) {
  (void)signal;
  selector = 0;
  ++trapped;
  code = info->si_code;
  number = info->si_syscall;
  where = info->si_call_addr;
  ((ucontext_t*)context)->uc_mcontext.gregs[REG_RAX] = 4321;
}

long call_here(long number);
extern const char call_end[];
__asm__("call_here: mov %rdi, %rax\nsyscall\n.globl call_end\ncall_end: ret\n");

int main(void) {
  handle_with_info(SIGSYS, emulate, 0);
  const int on = prctl(59, 1, 0, 0, &selector);
  if (on != 0) {
    printf("refused: %s\n", strerror(errno));
    return 0;
  }
  int wrong = 0;
  for (int i = 0; i < 50; ++i) {
    selector = 1;
    wrong += call_here(SYS_getuid) != 4321;
    wrong += selector != 0 || where != call_end || code != 2 || number != SYS_getuid;
    wrong += call_here(SYS_getpid) != getpid();
  }
  printf("trapped %d, wrong %d\n", trapped, wrong);
  prctl(59, 0, 0, 0, 0);
  selector = 1;
  printf("off again: %d\n", call_here(SYS_getpid) == getpid());
  return 0;
}
