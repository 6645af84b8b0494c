// build: -pthread -lrt
// hazard: 4.4
// Hazard: a deterministic computation with all registers, flags, x87 and vector state busy, system
// calls, fresh code and recursion, under a timer of 50 to 200 microseconds. Each handler checks
// what it can: that its frame lies below the stack pointer, that rip is in the program, that
// registers which are constant are, that floating-point state is its own; and changes all it may
// change.
#include "hazard.h"

extern char busy_begin[], busy_end[];
static volatile unsigned long ticks, inside, wrong;
static unsigned char* code;

unsigned long rounds(unsigned long seed, unsigned long count);
__asm__(
    ".text\n"
    ".globl rounds\n"
    "rounds: push %rbx\n"
    "push %rbp\n"
    "push %r12\n"
    "push %r13\n"
    "push %r14\n"
    "push %r15\n"
    "mov $0x1111222233334444, %r12\n"
    "mov $0x5555666677778888, %r13\n"
    "mov $0x9999aaaabbbbcccc, %r14\n"
    "mov $0xddddeeeeffff0000, %r15\n"
    "mov %rdi, %rax\n"
    "mov %rsi, %rcx\n"
    "fldpi\n"
    "movq %rdi, %xmm15\n"
    ".globl busy_begin, busy_end\n"
    "busy_begin:\n"
    "1: mov %rax, -8(%rsp)\n"  // the red zone
    "mov %rcx, -128(%rsp)\n"
    "add $0x123457, %rax\n"
    "rol $7, %rax\n"
    "adc %r12, %rax\n"
    "xor %r13, %rax\n"
    "pushfq\n"
    "pop %rdx\n"
    "and $0x8d5, %edx\n"
    "add %rdx, %rax\n"
    "call 2f\n"
    "movq %rax, %xmm14\n"
    "paddq %xmm14, %xmm15\n"
    "cmp %rcx, -128(%rsp)\n"
    "jne 3f\n"
    "dec %rcx\n"
    "jnz 1b\n"
    "movq %xmm15, %rdx\n"
    "xor %rdx, %rax\n"
    "fldpi\n"
    "fcompp\n"
    "fnstsw %ax\n"
    "jmp 4f\n"
    "2: lea (%rax,%r14), %rbp\n"
    "imul %r15, %rbp\n"
    "mov %rbp, %rbx\n"
    "bswap %rbx\n"
    "xor %rbx, %rax\n"
    "stc\n"
    "sbb %rdx, %rax\n"
    "mov %rcx, -128(%rsp)\n"
    "lea 1b(%rip), %rdx\n"
    "mov %rcx, -120(%rsp)\n"
    "ret\n"
    "3: xor %eax, %eax\n"
    "busy_end:\n"
    "4: pop %r15\n"
    "pop %r14\n"
    "pop %r13\n"
    "pop %r12\n"
    "pop %rbp\n"
    "pop %rbx\n"
    "ret\n");

static void check(int signal, siginfo_t* info, void* context) {
  (void)signal;
  const ucontext_t* uc = context;
  const greg_t* g = uc->uc_mcontext.gregs;
  ++ticks;
  if (g[REG_RIP] >= (greg_t)busy_begin && g[REG_RIP] < (greg_t)busy_end) {
    ++inside;
    if (g[REG_R12] != 0x1111222233334444 || g[REG_R13] != 0x5555666677778888 ||
        (unsigned long)g[REG_R14] != 0x9999aaaabbbbcccc ||
        (unsigned long)g[REG_R15] != 0xddddeeeeffff0000)
      wrong |= 1;
    const unsigned short control = uc->uc_mcontext.fpregs->cwd;
    if (control != 0x37f || (uc->uc_mcontext.fpregs->mxcsr & 0xffc0) != 0x1f80) wrong |= 2;
  }
  const char* stack = (const char*)g[REG_RSP];
  if ((const char*)info > stack - 128 || (const char*)info < stack - 20000) wrong |= 4;
  unsigned mxcsr;
  unsigned short control;
  __asm__ volatile("stmxcsr %0\nfnstcw %1" : "=m"(mxcsr), "=m"(control));
  if (mxcsr != 0x1f80 || control != 0x37f) wrong |= 8;
  // Leave nothing as it was.
  const unsigned odd = 0x7fa0;
  __asm__ volatile(
      "ldmxcsr %0\n"
      "fldz\nfldz\n"
      "pcmpeqb %%xmm15, %%xmm15\n"
      "pcmpeqb %%xmm14, %%xmm14\n"
      "std\n"
      "mov $-1, %%r12\nmov $-1, %%r13\nmov $-1, %%r14\nmov $-1, %%rbx\n"
      "cld\n"
      :
      : "m"(odd)
      : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
        "memory");
}

// Code that never ran before: mov eax, imm32; ret.
static unsigned fresh(unsigned value) {
  static unsigned at;
  unsigned char* here = code + __atomic_fetch_add(&at, 16, __ATOMIC_RELAXED) % 65536;
  here[0] = 0xb8;
  memcpy(here + 1, &value, 4);
  here[5] = 0xc3;
  return ((unsigned (*)(void))here)();
}

static unsigned long mixed(unsigned long seed) {
  unsigned long sum = seed;
  for (int i = 0; i < 100; ++i) {
    sum = sum * 31 + rounds(sum, 5000);
    sum += fresh((unsigned)sum);
    if (getppid() <= 0) sum = 0;
    double x = (double)(sum & 0xffff);
    for (int k = 0; k < 20; ++k) x = x * 0.75 + 1;
    sum ^= (unsigned long)(x * 1000);
  }
  return sum;
}

static void* in_thread(void* seed) {
  return (void*)mixed((unsigned long)seed);
}

static void storm(int microseconds, unsigned long seed) {
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
  const struct itimerspec every = {{0, microseconds * 1000}, {0, microseconds * 1000}};
  timer_t timer;
  timer_create(CLOCK_MONOTONIC, &event, &timer);
  timer_settime(timer, 0, &every, NULL);
  pthread_t thread;
  pthread_create(&thread, NULL, in_thread, (void*)(seed + 1));
  unsigned long sum = mixed(seed);
  void* other;
  pthread_join(thread, &other);
  timer_delete(timer);
  printf("seed %lu: %lx %lx\n", seed, sum, (unsigned long)other);
}

int main(int count, char** arguments) {
  const unsigned long first = count > 1 ? strtoul(arguments[1], NULL, 0) : 1;
  const unsigned long last = count > 2 ? strtoul(arguments[2], NULL, 0) : first + 6;
  code =
      mmap(NULL, 1 << 17, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  handle_with_info(SIGRTMIN, check, SA_RESTART);
  for (unsigned long seed = first; seed < last; ++seed) storm(50 + (int)(seed * 37 % 150), seed);
  if (wrong != 0 || ticks == 0 || inside == 0)
    printf("wrong %lx, %lu ticks, %lu in the computation\n", wrong, ticks, inside);
  return 0;
}
