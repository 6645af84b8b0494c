// hazard: 3.14
// Hazard: a filter that makes SIGSYS of calls: the handler sees the address behind the program's
// own system call instruction and the number in rax, and puts the result there.
#include "hazard_seccomp.h"

extern const char behind_getppid[], behind_mmap[], behind_sigaction[], behind_clone[];
static volatile long calls[8], addresses_right, count, in_rax[8];

static void broker(int signal, siginfo_t* info, void* context) {
  ucontext_t* uc = context;
  const char* pc = (const char*)uc->uc_mcontext.gregs[REG_RIP];
  in_rax[count] = uc->uc_mcontext.gregs[REG_RAX];
  calls[count++] = info->si_syscall;
  addresses_right +=
      signal == SIGSYS && info->si_call_addr == pc && info->si_arch == AUDIT_ARCH_X86_64 &&
      info->si_errno == 77 &&
      (pc == behind_getppid || pc == behind_mmap || pc == behind_sigaction || pc == behind_clone);
  uc->uc_mcontext.gregs[REG_RAX] = 1000 + count;
}

#define CALL(label, number, a, b, c, d)                                                     \
  ({                                                                                        \
    long result;                                                                            \
    register long r10 __asm__("r10") = (d);                                                 \
    __asm__ volatile("syscall\n.globl " label "\n" label ":"                                \
                     : "=a"(result)                                                         \
                     : "a"((long)(number)), "D"((long)(a)), "S"((long)(b)), "d"((long)(c)), \
                       "r"(r10)                                                             \
                     : "rcx", "r11", "memory");                                             \
    result;                                                                                 \
  })

static int blocked_trap_kills(void) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGSYS);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    syscall(SYS_sched_yield);
    _exit(1);
  }
  return wait_for(child);
}

int main(void) {
  handle_with_info(SIGSYS, broker, 0);
  const unsigned kTrap = SECCOMP_RET_TRAP | 77;
  INSTALL(0, NUMBER_IS(SYS_getppid, kTrap), NUMBER_IS(SYS_mmap, kTrap), NUMBER_IS(SYS_futex, kTrap),
          NUMBER_IS(SYS_sched_yield, kTrap), NUMBER_IS(SYS_rt_sigaction, kTrap),
          NUMBER_IS(SYS_fork, kTrap), OTHERWISE(SECCOMP_RET_ALLOW));
  {
    const long getppid_result = CALL("behind_getppid", SYS_getppid, 0, 0, 0, 0);
    const long mmap_result = CALL("behind_mmap", SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, 0x22);
    const long action_result = CALL("behind_sigaction", SYS_rt_sigaction, SIGUSR1, 0, 0, 8);
    const long fork_result = CALL("behind_clone", SYS_fork, 0, 0, 0, 0);
    for (int i = 0; i < 4; ++i) printf("call %ld, rax %ld\n", calls[i], in_rax[i]);
    printf("results %ld %ld %ld %ld\n", getppid_result, mmap_result, action_result, fork_result);
  }
  printf("addresses right: %ld of %ld\n", addresses_right, count);
  report_end("blocked", blocked_trap_kills());
  printf("fresh %d\n", fresh_code(5) == fresh_code(5));
  signal(SIGUSR2, SIG_IGN);  // trapped once more
  printf("calls %ld\n", count);
  return 0;
}
