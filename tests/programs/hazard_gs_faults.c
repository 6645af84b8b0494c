// hazard: 2.7 4.3 2.4 1.10
// Hazard: instructions that a tracer executes itself, with an operand in gs that faults: executed
// where they stand, they would find the tracer's own gs. Each fault has the address, code, trap and
// error that the processor gives it, also when it kills.
#include <asm/prctl.h>

#include "hazard.h"

static sigjmp_buf back;
static char* bad;  // nothing is mapped there
static unsigned char memory[8192] __attribute__((aligned(4096)));

static void on_fault(int signal, siginfo_t* info, void* context) {
  const greg_t* at = ((ucontext_t*)context)->uc_mcontext.gregs;
  const long off = (char*)info->si_addr - bad;
  unsigned long base = 1;
  syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
  printf("  signal %d code %d trap %d error %x ", signal, info->si_code, (int)at[REG_TRAPNO],
         (unsigned)at[REG_ERR]);
  if (off >= 0 && off < 8192) {
    printf("bad + %ld", off);
  } else {
    printf("address %p", info->si_addr);
  }
  printf(", gs base %lx, at the instruction %d\n",
         base - (unsigned long)bad < 8192 ? 1 : base - (unsigned long)memory,
         *(unsigned char*)at[REG_RIP] == 0x65);
  siglongjmp(back, 1);
}

static void set_gs(unsigned long base) {
  syscall(SYS_arch_prctl, ARCH_SET_GS, base);
}

#define TRY(name, ...)                                                        \
  do {                                                                        \
    puts(name);                                                               \
    if (sigsetjmp(back, 1) == 0) {                                            \
      __asm__ volatile(__VA_ARGS__ ::"r"(offset), "a"(7), "d"(0) : "memory"); \
      puts("  no fault");                                                     \
    }                                                                         \
  } while (0)

static void try_all(unsigned long offset) {
  TRY("fnstenv", "fnstenv %%gs:(%0)");
  TRY("fnsave", "fnsave %%gs:(%0)");
  TRY("fxsave", "fxsave %%gs:(%0)");
  TRY("fxsave64", "fxsave64 %%gs:(%0)");
  TRY("xsave", "xsave %%gs:(%0)");
  TRY("xsavec", "xsavec %%gs:(%0)");
  TRY("mov to gs", "movw %%gs:(%0), %%gs");
  TRY("lgs", "lgs %%gs:(%0), %%ecx");
  TRY("far jump", "ljmp *%%gs:(%0)");
  TRY("far call", "lcall *%%gs:(%0)");
  TRY("lods", "mov %0, %%rsi; .byte 0x65; lodsb");
}

static int status_of(void (*action)(int)) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, action);
    sigset_t fault;
    sigemptyset(&fault);
    sigaddset(&fault, SIGSEGV);
    if (action == SIG_DFL) sigprocmask(SIG_BLOCK, &fault, NULL);
    __asm__ volatile("fnstenv %%gs:0" ::: "memory");
    _exit(1);
  }
  return wait_for(child) & 0x7f;
}

int main(void) {
  handle_with_info(SIGSEGV, on_fault, 0);
  handle_with_info(SIGBUS, on_fault, 0);
  bad = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  puts("-- nothing there");
  set_gs((unsigned long)bad);
  try_all(64);
  puts("-- not canonical");
  try_all(1ul << 62);
  puts("-- selectors that are none");
  memset(memory, 0xab, sizeof memory);
  set_gs((unsigned long)memory);
  const unsigned long offset = 128;
  TRY("mov to gs", "movw %%gs:(%0), %%gs");
  TRY("lgs", "lgs %%gs:(%0), %%ecx");
  TRY("far jump", "ljmp *%%gs:(%0)");
  TRY("far call", "lcall *%%gs:(%0)");
  TRY("fxsave, not aligned", "fxsave %%gs:1(%0)");
  set_gs((unsigned long)bad);
  printf("deaths: %d %d\n", status_of(SIG_IGN), status_of(SIG_DFL));
  return 0;
}
