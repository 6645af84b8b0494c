// hazard: 4.6
// Hazard: what rt_sigaction and rt_sigprocmask answer: flags that the kernel knows and forgets
// (SA_UNSUPPORTED, SA_EXPOSE_TAGBITS, SA_RESTORER), masks without SIGKILL and SIGSTOP, wrong sizes,
// addresses, signals and ways; SA_RESETHAND; pending signals that SIG_IGN throws away.
#include "hazard.h"

struct kernel_action {
  unsigned long handler, flags, restorer, mask;
};

static void nothing(int signal) {
  (void)signal;
}

static long action_of(int signal, const struct kernel_action* new, struct kernel_action* old,
                      unsigned long size) {
  errno = 0;
  return syscall(SYS_rt_sigaction, signal, new, old, size) < 0 ? -errno : 0;
}
static long mask_of(int how, const void* new, void* old, unsigned long size) {
  errno = 0;
  return syscall(SYS_rt_sigprocmask, how, new, old, size) < 0 ? -errno : 0;
}

int main(void) {
  struct kernel_action in = {(unsigned long)nothing, 0, 0x1234, ~0ul}, out;
  const unsigned long flags[] = {0,          0xffffffff, ~0ul,      0x400,      0x800,
                                 0x04000000, 0x80000000, 1ul << 40, 0x10000000, 0x40000004};
  for (unsigned i = 0; i < sizeof flags / sizeof *flags; ++i) {
    in.flags = flags[i];
    memset(&out, 0x5a, sizeof out);
    const long set = action_of(SIGUSR1, &in, NULL, 8), got = action_of(SIGUSR1, NULL, &out, 8);
    printf("flags %lx: %ld %ld, same handler %d flags %lx restorer %lx mask %lx\n", flags[i], set,
           got, out.handler == in.handler, out.flags, out.restorer, out.mask);
  }
  in.flags = 0;
  const int signals[] = {-1, 0, 1, SIGKILL, SIGSTOP, 32, 33, 64, 65, 1000};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; ++i) {
    out = (struct kernel_action){0};
    const long queried = action_of(signals[i], NULL, &out, 8);
    printf("signal %d: query %ld flags %lx", signals[i], queried, out.flags);
    printf(" set %ld\n", action_of(signals[i], &in, NULL, 8));
  }
  printf("size 4: %ld, bad new %ld, bad old %ld", action_of(SIGUSR1, &in, &out, 4),
         action_of(SIGUSR1, (void*)8, &out, 8), action_of(SIGUSR2, &in, (void*)8, 8));
  printf(", set all the same %ld %d\n", action_of(SIGUSR2, NULL, &out, 8),
         out.handler == in.handler);

  unsigned long all = ~0ul, mask = 0;
  printf("block all %ld", mask_of(SIG_SETMASK, &all, NULL, 8));
  printf(", query %ld", mask_of(77, NULL, &mask, 8));
  printf(" %lx\n", mask);
  printf("bad way %ld, bad size %ld, bad new %ld, bad old %ld\n", mask_of(77, &all, NULL, 8),
         mask_of(SIG_BLOCK, &all, NULL, 16), mask_of(SIG_BLOCK, (void*)8, NULL, 8),
         mask_of(SIG_UNBLOCK, &all, (void*)8, 8));
  mask_of(SIG_BLOCK, NULL, &mask, 8);
  printf("unblocked all the same: %lx\n", mask);

  const int discarded[] = {SIGUSR1, SIGSEGV, SIGILL, SIGRTMIN, SIGCHLD};
  for (int i = 0; i < 5; ++i) {
    signal(discarded[i], nothing);
    mask = 1ul << (discarded[i] - 1);
    mask_of(SIG_BLOCK, &mask, NULL, 8);
    kill(getpid(), discarded[i]);
    raise(discarded[i]);
    unsigned long before, ignored, then;
    syscall(SYS_rt_sigpending, &before, 8);
    signal(discarded[i], SIG_IGN);
    syscall(SYS_rt_sigpending, &ignored, 8);
    raise(discarded[i]);
    signal(discarded[i], nothing);
    syscall(SYS_rt_sigpending, &then, 8);
    printf("signal %d: pending %lx, ignored %lx, handled again %lx\n", discarded[i], before,
           ignored, then);
    mask_of(SIG_UNBLOCK, &mask, NULL, 8);
  }
  printf("bad pending %ld %ld\n", syscall(SYS_rt_sigpending, 8, 8),
         syscall(SYS_rt_sigpending, &mask, 9));
  return 0;
}
