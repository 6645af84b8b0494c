// modes: no-ticks (a tick may come while the stack pointer is none)
// hazard: 4.2 4.9
// Hazard: a frame that cannot be written, a restorer that is missing and a sigreturn without a
// frame make the kernel force a SIGSEGV, which the program may handle, on another stack; it kills
// where SIGSEGV is blocked or ignored, or was the signal itself.
#include "hazard.h"

struct kernel_action {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)(void);
  unsigned long mask;
};

static char stack[65536];
static sigjmp_buf back;

static void on_segv(int signal, siginfo_t* info, void* context) {
  const greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  printf("signal %d code %d address %p trap %lld rax %llx\n", signal, info->si_code, info->si_addr,
         registers[REG_TRAPNO], registers[REG_RAX]);
  fflush(stdout);
  siglongjmp(back, 1);
}

static void never(int signal) {
  (void)signal;
  puts("never");
}

// A signal for a thread whose stack pointer is no address.
__attribute__((noinline)) static void send_without_stack(int signal) {
  __asm__ volatile(
      "mov %%rsp, %%rbx\n"
      "mov $0x1000, %%rsp\n"
      "syscall\n"
      "mov %%rbx, %%rsp\n"
      :
      : "a"(SYS_tgkill), "D"(getpid()), "S"(getpid()), "d"(signal)
      : "rbx", "rcx", "r11", "memory");
}

static void without_restorer(int signal) {
  const struct kernel_action action = {.handler = never};
  syscall(SYS_rt_sigaction, signal, &action, NULL, 8);
}

static void bad_sigreturn(unsigned long rsp) {
  __asm__ volatile(
      "mov %%rsp, %%rbx\n"
      "mov %0, %%rsp\n"
      "mov $15, %%eax\n"
      "mov $77, %%edi\n"
      "syscall\n"
      "hlt\n"
      :
      : "r"(rsp)
      : "rbx", "memory");
}

static void edit_fpstate(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)info;
  ((ucontext_t*)context)->uc_mcontext.fpregs = (void*)0x1000;
}

static void act(int way) {
  sigset_t segv;
  switch (way) {
    case 0:
      handle(SIGUSR1, never, 0);
      send_without_stack(SIGUSR1);
      break;
    case 1:
      without_restorer(SIGUSR1);
      raise(SIGUSR1);
      break;
    case 2:
      bad_sigreturn(0x1000);
      break;
    case 3:
      bad_sigreturn(1ul << 63);
      break;
    case 4:
      handle_with_info(SIGUSR1, edit_fpstate, 0);
      raise(SIGUSR1);
      break;
    case 5:
      signal(SIGSEGV, SIG_IGN);
      act(0);
      break;
    case 6:
      sigemptyset(&segv);
      sigaddset(&segv, SIGSEGV);
      sigprocmask(SIG_BLOCK, &segv, NULL);
      act(0);
      break;
    case 7:
      handle_with_info(SIGSEGV, on_segv, 0);
      act(0);
      break;
    case 8:
      without_restorer(SIGSEGV);
      *(volatile int*)8 = 1;
      break;
    case 9:
      signal(SIGSEGV, SIG_IGN);
      act(2);
      break;
  }
}

int main(void) {
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, NULL);
  handle_with_info(SIGSEGV, on_segv, SA_ONSTACK);
  static int way;
  for (way = 0; way < 5; ++way) {
    printf("way %d\n", way);
    if (sigsetjmp(back, 1) == 0) act(way);
  }
  fflush(stdout);
  for (way = 5; way < 10; ++way) {
    const pid_t child = fork();
    if (child == 0) {
      act(way);
      _exit(1);
    }
    const int status = wait_for(child);
    printf("way %d: signal %d\n", way, WTERMSIG(status));
    fflush(stdout);
  }
  return 0;
}
