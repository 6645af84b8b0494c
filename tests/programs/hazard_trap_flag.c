// hazard: 2.3
// build: -no-pie
// Hazard: a program that single-steps itself. It sets the trap flag (by popf, by a frame that
// sigreturn loads, by iretq), and a SIGTRAP handler notes where each instruction was: straight
// code, branches, calls, returns, string instructions with rep, system calls, flags on the stack. A
// tracer that runs other instructions than the program's own traps too often, or shows its own
// addresses.
#include "hazard.h"

extern char stepped[], stepped_end[], returned[], after_iretq[], before_clear[];
extern void step_all(void);
extern void step_iretq(void);
extern void step_clearing_iretq(void);

__asm__(
    ".text\n"
    "step_all:\n"
    "  push %rbx; push %r15\n"
    "  mov $7, %r15d\n"
    "  lea source(%rip), %rsi\n"
    "  lea target(%rip), %rdi\n"
    "  mov $3, %ecx\n"
    "  pushfq\n"
    "  orl $0x100, (%rsp)\n"
    "  popfq\n"
    "stepped:\n"
    "  nop\n"
    "  jmp 1f\n"
    "  ud2\n"
    "1: jmp 2f\n"
    "  ud2\n"
    "2: call 5f\n"
    "  lea 5f(%rip), %rax\n"
    "  call *%rax\n"
    "  mov %rax, pointer(%rip)\n"
    "  call *pointer(%rip)\n"
    "  rep movsb\n"
    "  xor %ecx, %ecx\n"
    "  rep stosb\n"
    "  mov $2, %ecx\n"
    "3: dec %ecx\n"
    "  jne 3b\n"
    "  mov $3, %ecx\n"
    "4: loop 4b\n"
    "  jrcxz 6f\n"
    "  ud2\n"
    "5: nop\n"
    "  ret\n"
    "6: pushfq\n"
    "  pop %rax\n"
    "  and $0x100, %eax\n"
    "  push %r15\n"
    "  add $1, %r15\n"
    "  pop %r15\n"
    "  mov $39, %eax\n"
    "  syscall\n"
    "  nop\n"
    "  nop\n"
    "  mov $0xffff, %eax\n"
    "  mov %eax, %ebx\n"
    "  syscall\n"
    "  mov %rcx, %rbx\n"
    "  push $0\n"
    "  popfq\n"
    "stepped_end:\n"
    "  nop\n"
    "  nop\n"
    "  pop %r15; pop %rbx\n"
    "  ret\n"
    "step_iretq:\n"
    "  mov %ss, %eax\n"
    "  mov %rsp, %rdx\n"
    "  mov %cs, %ecx\n"
    "  push %rax\n"
    "  push %rdx\n"
    "  pushfq\n"
    "  orl $0x100, (%rsp)\n"
    "  push %rcx\n"
    "  lea after_iretq(%rip), %rax\n"
    "  push %rax\n"
    "  iretq\n"
    "  ud2\n"
    "after_iretq:\n"
    "  nop\n"
    "  cld\n"
    "  push $0\n"
    "  popfq\n"
    "  nop\n"
    "  ret\n"
    "step_clearing_iretq:\n"
    "  mov %ss, %eax\n"
    "  mov %rsp, %rdx\n"
    "  mov %cs, %ecx\n"
    "  push %rax\n"
    "  push %rdx\n"
    "  pushfq\n"
    "  push %rcx\n"
    "  lea 1f(%rip), %rax\n"
    "  push %rax\n"
    "  pushfq\n"
    "  orl $0x100, (%rsp)\n"
    "  popfq\n"
    "before_clear:\n"
    "  lcall *far(%rip)\n"
    "  iretq\n"
    "  ud2\n"
    "1: nop\n"
    "  ret\n"
    "2: lretl\n"
    ".data\n"
    "far: .long 2b; .word 0x33\n"
    "source: .ascii \"abcdef\"\n"
    "target: .skip 16\n"
    ".balign 8\n"
    "pointer: .quad 0\n"
    ".text\n");

static struct {
  unsigned long pc;
  long rcx, flags, code;
  void* address;
} notes[512];
static int count, stop_at;

static void on_trap(int signal, siginfo_t* info, void* context) {
  ucontext_t* uc = context;
  (void)signal;
  greg_t* r = uc->uc_mcontext.gregs;
  if (count < 512) {
    notes[count].pc = (unsigned long)r[REG_RIP];
    notes[count].rcx = r[REG_RCX];
    notes[count].flags = r[REG_EFL];
    notes[count].code = info->si_code;
    notes[count].address = info->si_addr;
  }
  if (++count == stop_at) r[REG_EFL] &= ~0x100L;
}

static void set_trap_flag(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info;
  ((ucontext_t*)context)->uc_mcontext.gregs[REG_EFL] |= 0x100;
}

static void show(const char* what, const char* start) {
  printf("%s: %d\n", what, count);
  for (int i = 0; i < count && i < 512; ++i) {
    const unsigned long pc = notes[i].pc;
    const long offset = (long)(pc - (unsigned long)start);
    if (offset > -4096 && offset < 4096) {
      printf(" +%ld rcx %lx", offset, (unsigned long)notes[i].rcx > 0xffff ? 0xffff : notes[i].rcx);
    } else {
      printf(" elsewhere");
    }
    printf(" flags %lx code %ld %s\n", notes[i].flags & 0x100, notes[i].code,
           (unsigned long)notes[i].address == pc ? "here" : "other");
  }
  count = 0;
}

int main(void) {
  handle_with_info(SIGTRAP, on_trap, 0);
  handle_with_info(SIGUSR1, set_trap_flag, 0);
  step_all();
  show("popf", stepped);
  step_iretq();
  show("iretq", after_iretq);
  step_clearing_iretq();
  show("far calls, and iretq that clears it", before_clear);
  stop_at = 5;
  __asm__ volatile(
      "lea -128(%%rsp), %%rsp; pushfq; orl $0x100, (%%rsp); popfq\n"
      "nop; nop; nop; nop; nop; nop; nop; nop; nop\n"
      "lea 128(%%rsp), %%rsp" ::
          : "cc", "memory");
  printf("stopped by the handler after %d\n", count);
  count = 0;
  stop_at = 12;
  for (volatile int i = 0; i < 3; ++i) {
    raise(SIGUSR1);
    printf("by a frame: %d\n", count);
    count = 0;
  }
  // icebp, alone and while stepping.
  stop_at = 0;
  __asm__ volatile("stepped2: .byte 0xf1; nop" ::: "memory");
  printf("icebp: %d code %ld\n", count, notes[0].code);
  return 0;
}
