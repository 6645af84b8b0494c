// hazard: 4.3
// run: setarch -R %
// Hazard: jumps, calls and returns to addresses that are none (not canonical). The branch itself
// faults: the handler finds its pc, and registers, flags and stack as before it; the return address
// of a call stands below the stack all the same. So also where such a branch has gone elsewhere
// before, and while the program single-steps itself.
#include "hazard.h"

#define TRAP_FLAG 0x100
// Above what mmap chooses, and so near to the end of the addresses that a direct branch leaves
// them.
#define CODE ((unsigned char*)0x7ffffe000000)

extern char jump[], jump_memory[], call[], call_memory[], ret_more[], ret_only[], elsewhere[];
extern void branch(const void* how, unsigned long target, unsigned long flags);
extern char here[];

// Goes to `how` on a stack of our own, on whose top is the target; elsewhere comes back.
__asm__(
    ".text\n"
    "branch:\n"
    "  push %rbx\n"
    "  mov %rsp, saved(%rip)\n"
    "  mov %rsi, target(%rip)\n"
    "  lea top(%rip), %rsp\n"
    "  mov %rsi, (%rsp)\n"
    "  push %rdx\n"
    "  popfq\n"
    "  movq $7, -8(%rsp)\n"
    "  mov $0x1234, %ecx\n"
    "here: jmp *%rdi\n"
    "jump: jmp *%rsi\n"
    "jump_memory: mov $1, %ebx\n"
    "  jmp *target(%rip)\n"
    "call: call *%rsi\n"
    "call_memory: mov $1, %ebx\n"
    "  call *target(%rip)\n"
    "ret_more: mov $1, %ebx\n"
    "  ret $16\n"
    "ret_only: mov $1, %ebx\n"
    "  ret\n"
    "elsewhere:\n"
    "  push $2\n"
    "  popfq\n"
    "  mov saved(%rip), %rsp\n"
    "  pop %rbx\n"
    "  ret\n"
    ".bss\n"
    ".balign 16\n"
    "stack: .skip 1024\n"
    "top: .skip 1024\n"
    "saved: .skip 8\n"
    "target: .skip 8\n"
    ".text\n");
extern unsigned long top[];

static char alternate[65536];
static sigjmp_buf back;
static int trapped;
static int pc_is_known;  // which return it was, is not when nothing is recorded (docs/SIGNALS.md)

static void on_segv(int signal, siginfo_t* info, void* context) {
  const greg_t* r = ((ucontext_t*)context)->uc_mcontext.gregs;
  const long pc = r[REG_RIP], start = pc >> 47 == 0 && (unsigned char*)pc < CODE ? (long)here : 0;
  printf("  signal %d code %d address %p trap %lld error %lld rcx %llx flags %llx\n", signal,
         info->si_code, info->si_addr, r[REG_TRAPNO], r[REG_ERR], r[REG_RCX], r[REG_EFL] & 0xdd5);
  if (pc_is_known) {
    printf("  pc %lx rsp %ld below %d\n", pc - start, (long)r[REG_RSP] - (long)top,
           top[-1] == 7 ? 7 : top[-1] >= (unsigned long)here);
  }
  siglongjmp(back, 1);
}

static void on_trap(int signal, siginfo_t* info, void* context) {
  (void)info, (void)context;
  trapped += signal == SIGTRAP;
}

static void try(const void* how, unsigned long target, unsigned long flags) {
  trapped = 0;
  if (sigsetjmp(back, 1) == 0) branch(how, target, flags);
  if (flags & TRAP_FLAG) printf("  %d steps\n", trapped);
}

static void try_all(const char* name, const void* how) {
  const unsigned long nowhere[] = {0x800000000000, 0x4141414141414141, 1ul << 63};
  printf("%s\n", name);
  for (int i = 0; i < 3; ++i) try(how, nowhere[i], 0x8d5);
  try(how, (unsigned long)elsewhere, 2);
  for (int i = 0; i < 6; ++i) try(how, nowhere[i % 3], 2);
  try(how, nowhere[1], TRAP_FLAG | 0x41);
  try(how, (unsigned long)elsewhere, 2);
}

static void try_direct(const char* name, const char* opcode, int length) {
  const int displacement = 0x2001000;
  static unsigned char* code = CODE;
  printf("%s\n", name);
  memcpy(code, opcode, length);
  memcpy(code + length, &displacement, 4);
  for (int i = 0; i < 3; ++i) try(code, 0, 0x8d5);
  try(code, 0, TRAP_FLAG | 0x41);
  code += 64;
}

static void die(const char* name, const void* how) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);
    branch(how, 1ul << 60, 2);
  }
  printf("%s kills: %d\n", name, WTERMSIG(wait_for(child)));
}

int main(void) {
  const stack_t other = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&other, NULL);
  handle_with_info(SIGSEGV, on_segv, SA_ONSTACK);
  handle_with_info(SIGTRAP, on_trap, SA_ONSTACK);
  pc_is_known = 1;
  try_all("jump", jump);
  try_all("jump by memory", jump_memory);
  try_all("call", call);
  try_all("call by memory", call_memory);
  try_all("return that pops more", ret_more);
  if (mmap(CODE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != CODE) {
    return 1;
  }
  try_direct("direct jump", "\xe9", 1);
  try_direct("direct call", "\xe8", 1);
  try_direct("direct branch", "\x0f\x84", 2);
  pc_is_known = 0;
  try_all("return", ret_only);
  fflush(stdout);
  die("a jump", jump);
  die("a call", call);
  die("a return", ret_only);
  return 0;
}
