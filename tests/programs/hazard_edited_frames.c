// modes: no-ticks (edits what a tick's handler may have left on the way)
// hazard: 4.2
// Hazard: a handler edits everything in its frame: each register, flags with direction, alignment,
// and those that the kernel does not take, vector and x87 registers, mxcsr, mask; a frame that the
// program makes itself; sigreturn from a copy; setcontext out of a handler.
#include "hazard.h"

struct seen {
  unsigned long r[15], flags, rsp;
} seen;
extern char land[];

// Stores every register, then goes on in C.
__asm__(
    ".globl land\n"
    "land:\n"
    "mov %rax, seen(%rip)\n"
    "mov %rbx, 8+seen(%rip)\n"
    "mov %rcx, 16+seen(%rip)\n"
    "mov %rdx, 24+seen(%rip)\n"
    "mov %rsi, 32+seen(%rip)\n"
    "mov %rdi, 40+seen(%rip)\n"
    "mov %rbp, 48+seen(%rip)\n"
    "mov %r8, 56+seen(%rip)\n"
    "mov %r9, 64+seen(%rip)\n"
    "mov %r10, 72+seen(%rip)\n"
    "mov %r11, 80+seen(%rip)\n"
    "mov %r12, 88+seen(%rip)\n"
    "mov %r13, 96+seen(%rip)\n"
    "mov %r14, 104+seen(%rip)\n"
    "mov %r15, 112+seen(%rip)\n"
    "mov %rsp, 128+seen(%rip)\n"
    "movdqu %xmm7, xmm(%rip)\n"
    "lea stack_end(%rip), %rsp\n"
    "pushfq\n"
    "popq 120+seen(%rip)\n"
    "pushq $0x202\n"
    "popfq\n"
    "mov saved_rsp(%rip), %rsp\n"
    "pop %rbp\n"
    "pop %rbx\n"
    "pop %r12\n"
    "pop %r13\n"
    "pop %r14\n"
    "pop %r15\n"
    "ret\n"
    ".globl go\n"
    "go:\n"
    "push %r15\n"
    "push %r14\n"
    "push %r13\n"
    "push %r12\n"
    "push %rbx\n"
    "push %rbp\n"
    "mov %rsp, saved_rsp(%rip)\n"
    "mov $8, %eax\n"
    "fault: movb $1, (%rax)\n"
    ".bss\n"
    ".globl saved_rsp, xmm, stack_end\n"
    "saved_rsp: .quad 0\n"
    "xmm: .zero 16\n"
    ".zero 4096\n"
    "stack_end: .quad 0\n"
    ".text\n");
void go(void);
extern unsigned long xmm[2];

static unsigned long flags_to_set;

static void edit(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)info;
  ucontext_t* uc = context;
  greg_t* g = uc->uc_mcontext.gregs;
  static const int order[] = {REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_R8,
                              REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  for (int i = 0; i < 15; ++i) g[order[i]] = (greg_t)(0x1111111111111111ul * (unsigned)(i + 1));
  g[REG_RSP] = 0x7654321;
  g[REG_RIP] = (greg_t)land;
  g[REG_EFL] = (greg_t)flags_to_set;
  uc->uc_mcontext.fpregs->_xmm[7].element[0] = 0x12345678;
  uc->uc_mcontext.fpregs->_xmm[7].element[3] = 0x9abcdef0;
  uc->uc_mcontext.fpregs->mxcsr = 0x7f80;
  sigaddset(&uc->uc_sigmask, SIGHUP);
  sigaddset(&uc->uc_sigmask, SIGKILL);
}

static void show(const char* what) {
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  unsigned mxcsr;
  __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
  printf("%s:", what);
  for (int i = 0; i < 15; ++i) printf(" %lx", seen.r[i]);
  printf("\n  flags %lx rsp %lx xmm %lx %lx mxcsr %x mask %lx\n", seen.flags, seen.rsp, xmm[0],
         xmm[1], mxcsr, *(unsigned long*)&mask);
  sigemptyset(&mask);
  sigprocmask(SIG_SETMASK, &mask, NULL);
}

static ucontext_t outside;
static volatile int passes;

static void leave(int signal) {
  (void)signal;
  setcontext(&outside);
}

// A sigreturn from a copy of the frame that lies elsewhere.
static char copy[16384] __attribute__((aligned(64)));
static void return_from_copy(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)info;
  ucontext_t* uc = context;
  const unsigned size = ((unsigned*)((char*)uc->uc_mcontext.fpregs + 464))[1];
  memcpy(copy + 1024, uc->uc_mcontext.fpregs, size);
  ucontext_t* moved = (ucontext_t*)copy;
  memcpy(moved, uc, 304);
  moved->uc_mcontext.fpregs = (void*)(copy + 1024);
  memset(uc, 0x5a, 304);
  __asm__ volatile(
      "mov %0, %%rsp\n"
      "mov $15, %%eax\n"
      "syscall\n"
      :
      : "r"(moved)
      : "memory");
}

static void to_nowhere(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)info;
  ((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP] = (greg_t)0x8000000000001234;
}

static sigjmp_buf back;
static void tell(int signal, siginfo_t* info, void* context) {
  const greg_t* g = ((ucontext_t*)context)->uc_mcontext.gregs;
  printf("signal %d code %d address %p rip %llx trap %lld error %lld\n", signal, info->si_code,
         info->si_addr, g[REG_RIP], g[REG_TRAPNO], g[REG_ERR]);
  siglongjmp(back, 1);
}

int main(void) {
  handle_with_info(SIGSEGV, edit, 0);
  const unsigned long flags[] = {0x202,  0x8d5 | 0x202, 0x602,    0x40202, 0x10202,
                                 0x4202, 0x3202,        0x200202, 0x2,     0xffffffffff3ffa02};
  for (unsigned i = 0; i < sizeof flags / sizeof *flags; ++i) {
    flags_to_set = flags[i];
    go();
    show("edited");
  }
  const unsigned normal = 0x1f80;
  __asm__ volatile("ldmxcsr %0" : : "m"(normal));

  handle(SIGUSR1, leave, 0);
  getcontext(&outside);
  if (passes++ < 3) raise(SIGUSR1);
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  printf("%d passes, blocked %d\n", passes, sigismember(&mask, SIGUSR1));

  handle_with_info(SIGUSR2, return_from_copy, 0);
  double value = 3.25;
  for (int i = 0; i < 3; ++i) {
    raise(SIGUSR2);
    value *= 2;
  }
  printf("copied frames: %f\n", value);

  handle_with_info(SIGSEGV, tell, 0);
  handle_with_info(SIGUSR2, to_nowhere, 0);
  if (sigsetjmp(back, 1) == 0) raise(SIGUSR2);
  return 0;
}
