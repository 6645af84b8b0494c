// modes: no-ticks (shows the fault before, and ticks come between)
// hazard: 4.1
// Hazard: the whole of a signal frame but for addresses: uc_flags, link, selectors, old mask, trap
// number, error code and cr2 (those of the last fault, in later frames too), floating-point magic;
// where the frame lies relative to the stack pointer; the registers a handler starts with.
#include "hazard.h"

static void look(int signal, siginfo_t* info, void* context) {
  const ucontext_t* uc = context;
  const greg_t* g = uc->uc_mcontext.gregs;
  const unsigned* magic = (const unsigned*)((char*)uc->uc_mcontext.fpregs + 464);
  const unsigned* end = (const unsigned*)((char*)uc->uc_mcontext.fpregs + magic[1]) - 1;
  printf("signal %d: flags %lx link %p selectors %llx oldmask %llx trap %lld error %llx cr2 %llx\n",
         signal, uc->uc_flags, (void*)uc->uc_link, g[REG_CSGSFS], g[REG_OLDMASK], g[REG_TRAPNO],
         g[REG_ERR], g[REG_CR2]);
  printf("  magic %x size %u features %lx end %x aligned %lu, right below %d\n", magic[0], magic[1],
         *(const unsigned long*)(magic + 2), *end, (unsigned long)uc->uc_mcontext.fpregs % 64,
         ((g[REG_RSP] - 128 - magic[1]) & -64ll) == (long long)uc->uc_mcontext.fpregs);
  printf("  info is behind %ld, context is aligned %lu\n", (char*)info - (char*)context,
         (unsigned long)context % 16);
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  printf("  mask %lx in frame %lx\n", *(unsigned long*)&mask, *(unsigned long*)&uc->uc_sigmask);
}

static volatile unsigned long entry_flags, entry_rax, entry_mxcsr;

// What a handler starts with, before any code of a compiler.
__attribute__((naked)) static void enter(int signal) {
  (void)signal;
  __asm__(
      "mov %rax, entry_rax(%rip)\n"
      "pushfq\n"
      "popq entry_flags(%rip)\n"
      "stmxcsr entry_mxcsr(%rip)\n"
      "ret\n");
}

static void skip_fault(int signal, siginfo_t* info, void* context) {
  look(signal, info, context);
  ((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP] += 3;
}

int main(void) {
  sigset_t some;
  sigemptyset(&some);
  sigaddset(&some, SIGHUP);
  sigaddset(&some, SIGRTMIN + 5);
  sigprocmask(SIG_BLOCK, &some, NULL);
  handle_with_info(SIGUSR1, look, 0);
  handle_with_info(SIGSEGV, skip_fault, 0);
  handle_with_info(SIGTRAP, look, 0);
  raise(SIGUSR1);
  __asm__ volatile("mov $0x1238, %%eax\nmovb %%al, 5(%%rax)" ::: "rax", "memory");
  raise(SIGUSR1);
  __asm__ volatile("int3");
  raise(SIGUSR1);
  __asm__ volatile("mov $0x8000000000000000, %%rax\nmovb %%al, 5(%%rax)" ::: "rax", "memory");
  raise(SIGUSR1);
  kill(getpid(), SIGUSR1);
  handle(SIGUSR2, enter, 0);
  // Direction and alignment flag set, an odd mxcsr, a busy x87.
  unsigned mxcsr = 0x9fc0;
  __asm__ volatile(
      "ldmxcsr %3\n"
      "fldpi\n"
      "pushfq\n"
      "orl $0x400, (%%rsp)\n"
      "popfq\n"
      "syscall\n"
      "cld\n"
      :
      : "a"(SYS_tgkill), "D"(getpid()), "S"(getpid()), "m"(mxcsr), "d"(SIGUSR2)
      : "rcx", "r11", "memory");
  unsigned now;
  double pi;
  __asm__ volatile("stmxcsr %0\nfstpl %1" : "=m"(now), "=m"(pi));
  printf("enter: rax %lx direction %lx mxcsr %lx; then mxcsr %x pi %f\n", entry_rax,
         entry_flags & 0x400, entry_mxcsr & 0xffffffff, now, pi);
  return 0;
}
