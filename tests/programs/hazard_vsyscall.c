// hazard: 3.3
// Hazard: the vsyscall page, which may be called at three addresses, but not read, nor entered
// elsewhere, and the vdso, found by the auxiliary vector, called ever so often.
#include "hazard.h"

#include <elf.h>
#include <sched.h>
#include <sys/auxv.h>

static sigjmp_buf back;
static volatile unsigned long pc, address;
static volatile int kind;
static void on_fault(int signal, siginfo_t* info, void* context) {
  pc = (unsigned long)((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP];
  address = (unsigned long)info->si_addr;
  kind = info->si_code;
  siglongjmp(back, signal);
}
static void outcome(const char* what, int signal) {
  if (signal == 0) {
    printf("%s: no signal\n", what);
  } else {
    const unsigned long page = 0xffffffffff600000;
    printf("%s: signal %d code %d, pc %s, address %s\n", what, signal, kind,
           pc >= page && pc < page + 4096 ? "in the page" : "elsewhere",
           address >= page ? "in the page"
           : address == 0  ? "zero"
                           : "elsewhere");
  }
}

extern char stepped[];
static volatile int steps;
static volatile long step_at[16];
static void on_trap(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info;
  const long at = (long)((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP];
  if (steps < 16) step_at[steps] = at < 0 ? at : at - (long)stepped;
  ++steps;
}

// A call into the page, single-stepped.
static void step(unsigned long routine) {
  __asm__ volatile(
      "lea -128(%%rsp), %%rsp\n"
      "pushfq\n"
      "orl $0x100, (%%rsp)\n"
      "popfq\n"
      "stepped: nop\n"
      "call *%%rax\n"
      "nop\n"
      "push $2\n"
      "popfq\n"
      "lea 128(%%rsp), %%rsp\n"
      : "+a"(routine)
      : "D"(0)
      : "rcx", "r11", "memory", "cc");
  for (int i = 0; i < steps && i < 16; ++i) printf(" %lx", step_at[i]);
  printf(": %d steps\n", steps);
}

int main(void) {
  handle_with_info(SIGSEGV, on_fault, SA_NODEFER);
  const unsigned long page = 0xffffffffff600000;
  time_t (*old_time)(time_t*) = (time_t(*)(time_t*))(page + 0x400);
  int (*old_gettimeofday)(struct timeval*, void*) = (int (*)(struct timeval*, void*))page;
  long (*old_getcpu)(unsigned*, unsigned*, void*) =
      (long (*)(unsigned*, unsigned*, void*))(page + 0x800);
  int signal = sigsetjmp(back, 1);
  if (signal == 0) {
    int right = 0;
    for (int i = 0; i < 1000; ++i) {
      const time_t now = time(NULL);
      time_t stored;
      const time_t then = old_time(&stored);
      right += then - now < 2 && then == stored;
    }
    printf("time %d\n", right);
  }
  outcome("time", signal);
  signal = sigsetjmp(back, 1);
  if (signal == 0) {
    struct timeval tv;
    printf("gettimeofday %d", old_gettimeofday(&tv, NULL));
    printf(" %d\n", tv.tv_sec - time(NULL) < 2);
    unsigned cpu;
    printf("getcpu %ld", old_getcpu(&cpu, NULL, NULL));
    printf(" %d\n", cpu < 4096);
  }
  outcome("others", signal);
  signal = sigsetjmp(back, 1);
  if (signal == 0) old_time((time_t*)8);
  outcome("bad argument", signal);
  signal = sigsetjmp(back, 1);
  if (signal == 0) printf("%x\n", *(volatile unsigned char*)page);
  outcome("read", signal);
  signal = sigsetjmp(back, 1);
  if (signal == 0) ((void (*)(void))(page + 0x123))();
  outcome("elsewhere", signal);
  signal = sigsetjmp(back, 1);
  if (signal == 0) ((void (*)(void))(page + 0xc00))();
  outcome("the fourth", signal);

  const Elf64_Ehdr* vdso = (const Elf64_Ehdr*)getauxval(AT_SYSINFO_EHDR);
  printf("vdso %d\n", memcmp(vdso->e_ident, ELFMAG, 4));
  struct timespec before = {0, 0}, now;
  int ordered = 1;
  for (int i = 0; i < 100000; ++i) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    ordered &= now.tv_sec > before.tv_sec ||
               (now.tv_sec == before.tv_sec && now.tv_nsec >= before.tv_nsec);
    before = now;
  }
  printf("ordered %d, getcpu %d\n", ordered, sched_getcpu() >= 0);
  handle_with_info(SIGTRAP, on_trap, 0);
  signal = sigsetjmp(back, 1);
  if (signal == 0) step(page + 0x400);
  outcome("stepped", signal);
  return 0;
}
