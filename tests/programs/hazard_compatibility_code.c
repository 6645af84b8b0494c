// build: -static -no-pie -fno-pie
// hazard: 1.10
// modes: no-ticks (its handlers show where they interrupt, which may be the handler of a tick)
// Hazard: a 64-bit program that switches to 32-bit code (a far branch to selector 0x23) and back:
// it calls, loops, changes itself, makes system calls by int 0x80, pushes and pops its flags,
// faults, gets signals whose frames show its 32-bit state and that return to it, forks,
// single-steps itself.
#include "hazard.h"

enum { kCode64 = 0x33, kCode32 = 0x23 };

struct result {
  uint32_t eax, ebx, ecx, edx, esi, edi, eflags;
};

// Runs the 32-bit function on a stack below 4 GiB, with eax and ecx. It returns by ret.
struct result run32(void* function, uint32_t eax, uint32_t ecx, void* stack);
__asm__(
    "  .text\n"
    "run32:\n"
    "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "  mov %rdi, %r12\n"  // the result; rsi: function, edx: eax, ecx: ecx, r8: stack
    "  mov %rsp, saved(%rip)\n"
    "  mov %rdi, result(%rip)\n"
    "  mov %edx, %eax\n"
    "  mov %r8, %rsp\n"
    "  mov %esi, %ebx\n"
    "  mov $0x1234, %r15\n"
    "  xor %edx, %edx; xor %esi, %esi; xor %edi, %edi\n"
    "  ljmp *to32\n"
    "  .code32\n"
    "in32:\n"
    "  push $0x2b; pop %ds; push $0x2b; pop %es\n"
    "  call *%ebx\n"
    "  ljmp $0x33, $back\n"
    "  .code64\n"
    "back:\n"
    "  push %rax; mov result(%rip), %r12; pop %rax\n"
    "  mov %eax, (%r12); mov %ebx, 4(%r12); mov %ecx, 8(%r12); mov %edx, 12(%r12)\n"
    "  mov %esi, 16(%r12); mov %edi, 20(%r12)\n"
    "  pushfq; pop %rdx; mov %edx, 24(%r12)\n"
    "  mov %r12, %rax\n"
    "  mov saved(%rip), %rsp\n"
    "  pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "  ret\n"
    "  .data\n"
    "saved: .quad 0\n"
    "result: .quad 0\n"
    "to32: .long in32; .word 0x23\n"
    "  .text\n");

// The 32-bit functions.
__asm__(
    "  .data\n"
    "  .balign 4096\n"
    "  .globl begin32\n"
    "begin32:\n"
    "  .code32\n"
    "sum32:\n"  // of 1..ecx, by a recursion
    "  test %ecx, %ecx\n"
    "  jne 1f\n"
    "  ret\n"
    "1: add %ecx, %eax\n"
    "  dec %ecx\n"
    "  call sum32\n"
    "  ret\n"
    "old32:\n"  // instructions that 64-bit code does not have
    "  pusha\n"
    "  inc %eax\n"
    "  mov $0x99, %al\n"
    "  daa\n"
    "  movzx %al, %esi\n"
    "  mov %esi, (%esp)\n"  // edi
    "  popa\n"
    "  push %cs; pop %edx; push %ss; pop %ecx\n"
    "  ret\n"
    "flags32:\n"
    "  pushf; pop %eax\n"
    "  pushfw; movzwl (%esp), %ebx; add $2, %esp\n"
    "  push $0x8d7; popf\n"
    "  pushf; pop %ecx\n"
    "  cld\n"
    "  ret\n"
    "write32:\n"  // eax: text, ecx: bytes
    "  mov %ecx, %edx; mov %eax, %ecx; mov $1, %ebx; mov $4, %eax\n"
    "  int $0x80\n"
    "  ret\n"
    "fork32:\n"
    "  mov $2, %eax\n"
    "  int $0x80\n"
    "  test %eax, %eax\n"
    "  jne 1f\n"
    "  mov $1, %eax; mov $7, %ebx\n"
    "  int $0x80\n"
    "1: ret\n"
    "kill32:\n"  // eax: itself, ecx: signal
    "  mov %eax, %ebx; mov $0x51, %esi; mov $37, %eax\n"
    "  int $0x80\n"
    "  mov $0x52, %edi\n"
    "  ret\n"
    "fault32:\n"
    "  mov $0x61, %ebx\n"
    "  mov (%ecx), %edx\n"  // two bytes
    "  mov $0x62, %edi\n"
    "  ret\n"
    "illegal32:\n"
    "  ud2\n"
    "  ret\n"
    "trap32:\n"
    "  int3\n"
    "  ret\n"
    "change32:\n"  // changes the next instruction
    "  mov %ecx, %eax\n"
    "  mov %eax, 1f + 1\n"
    "1: mov $0, %edx\n"
    "  ret\n"
    "spin32:\n"  // until a handler has set the flag at ecx
    "1: inc %eax\n"
    "  cmpl $0, (%ecx)\n"
    "  je 1b\n"
    "  mov $0, %eax\n"
    "  ret\n"
    "string32:\n"  // fills ecx bytes with al
    "  mov $area, %edi\n"
    "  rep stosb\n"
    "  mov area + 99, %eax\n"
    "  ret\n"
    "step32:\n"
    "  pushf; orl $0x100, (%esp); popf\n"
    "  nop\n"
    "  nop\n"
    "  nop\n"
    "  pushf; andl $~0x100, (%esp); popf\n"
    "  nop\n"
    "  ret\n"
    "stack32:\n"  // the instruction behind the load is executed with it
    "  mov %ss, %eax\n"
    "  mov %eax, %ss\n"
    "  mov $0x71, %ecx\n"
    "  mov $0x72, %edx\n"
    "  ret\n"
    "area: .fill 4096\n"
    "  .code64\n"
    "  .globl end32\n"
    "end32:\n"
    "  .text\n");

extern char begin32[], end32[], sum32[], old32[], flags32[], write32[], fork32[], kill32[];
extern char fault32[], illegal32[], trap32[], change32[], spin32[], string32[], step32[], stack32[];

static char* stack;
static volatile int seen, steps;
static volatile uint32_t* flag;

static void show(const char* what, struct result r) {
  printf("%s: %x %x %x %x %x %x, flags %x\n", what, r.eax, r.ebx, r.ecx, r.edx, r.esi, r.edi,
         r.eflags & 0x9d5);
}

static struct result run(const char* what, void* function, uint32_t eax, uint32_t ecx) {
  const struct result r = run32(function, eax, ecx, stack);
  show(what, r);
  return r;
}

static void on_signal(int signal, siginfo_t* info, void* context) {
  ucontext_t* uc = context;
  greg_t* regs = uc->uc_mcontext.gregs;
  unsigned short segments[4];
  memcpy(segments, &regs[REG_CSGSFS], sizeof segments);
  const long ebx = signal == SIGUSR1 ? 0 : regs[REG_RBX] & 0xffffffff;  // a process id there
  printf(
      "[signal %d code %d at %ld, cs %x, ss %x, ebx %lx, edi %llx, esp %ld, r15 %llx, flags "
      "%llx]\n",
      signal, info->si_code, (long)(regs[REG_RIP] - (long)begin32), segments[0], segments[3], ebx,
      regs[REG_RDI] & 0xff, (long)(stack - (char*)regs[REG_RSP]), regs[REG_R15],
      regs[REG_EFL] & 0x100);
  if (signal == SIGSEGV || signal == SIGILL) {
    regs[REG_RIP] += 2;
    regs[REG_RDX] = 0x77;
  }
  ++seen;
}

static void on_alarm(int signal) {
  (void)signal;
  if (++seen > 3) *flag = 1;
}

static void on_step(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info;
  const ucontext_t* uc = context;
  printf("(step at %ld) ", (long)(uc->uc_mcontext.gregs[REG_RIP] - (long)step32));
  ++steps;
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  flag = (uint32_t*)stack;
  stack += 65536 - 64;
  mprotect(begin32, ((end32 - begin32) + 4095) & ~4095, PROT_READ | PROT_WRITE | PROT_EXEC);
  handle_with_info(SIGUSR1, on_signal, 0);
  handle_with_info(SIGSEGV, on_signal, 0);
  handle_with_info(SIGILL, on_signal, 0);
  handle_with_info(SIGTRAP, on_signal, 0);

  run("sum", sum32, 0, 20);
  run("old", old32, 7, 0);
  run("flags", flags32, 0, 0);
  static char text[] = "written by 32-bit code\n";
  run("write", write32, (uint32_t)(uintptr_t)text, sizeof text - 1);
  const struct result child = run32(fork32, 0, 0, stack);
  printf("child %d\n", wait_for((pid_t)child.eax) >> 8);
  struct result r = run32(kill32, (uint32_t)getpid(), SIGUSR1, stack);
  printf("kill: %x %x %x\n", r.eax, r.esi, r.edi);
  run("fault", fault32, 0, 16);
  run("illegal", illegal32, 1, 2);
  run("trap", trap32, 3, 4);
  run("change", change32, 0, 0x1111);
  run("change", change32, 0, 0x2222);
  run("string", string32, 0x5a, 300);
  run("stack", stack32, 0, 0);
  handle(SIGALRM, on_alarm, SA_RESTART);
  seen = 0;
  start_timer(2000);
  r = run32(spin32, 0, (uint32_t)(uintptr_t)flag, stack);
  printf("spin: %x, %d\n", r.eax, *flag);
  start_timer(0);
  handle_with_info(SIGTRAP, on_step, 0);
  run("step", step32, 0, 0);
  printf("%d steps\n", steps);
  return 0;
}
