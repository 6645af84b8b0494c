// hazard: 4.3 4.8
// Hazard: fifty ways to fault: signal, code, address, trap number and error code of each, and where
// rip stands relative to the instruction.
#include "hazard.h"

static sigjmp_buf back;
static const char* base;
static char* data;
static char stack[65536];

static void tell(int signal, siginfo_t* info, void* context) {
  const greg_t* g = ((ucontext_t*)context)->uc_mcontext.gregs;
  const long offset = (char*)g[REG_RIP] - base;
  const long from_rip = (char*)info->si_addr - (char*)g[REG_RIP];
  const long from_data = (char*)info->si_addr - data;
  printf("signal %d code %d trap %lld error %llx flags %llx ", signal, info->si_code, g[REG_TRAPNO],
         g[REG_ERR], g[REG_EFL] & 0x50000);
  if (offset >= 0 && offset < 64)
    printf("rip +%ld ", offset);
  else if (info->si_addr == (void*)g[REG_RIP])
    printf("rip at the address ");
  else
    printf("rip elsewhere ");
  if (from_rip > -64 && from_rip < 64)
    printf("address rip%+ld\n", from_rip);
  else if (from_data > -8192 && from_data < 65536)
    printf("address data%+ld\n", from_data);
  else
    printf("address %p\n", info->si_addr);
  siglongjmp(back, 1);
}

// Runs `code`, whose first label 1 is at the instruction that faults.
#define TRY(name, code)                                                              \
  do {                                                                               \
    printf("%-28s", name);                                                           \
    fflush(stdout);                                                                  \
    if (sigsetjmp(back, 1) == 0) {                                                   \
      __asm__ volatile("lea 1f(%%rip), %%r11\nmov %%r11, %0\n" code "\n"             \
                       : "=m"(base)                                                  \
                       : "D"(data), "S"(data)                                        \
                       : "rax", "rbx", "rcx", "rdx", "r8", "r11", "xmm0", "memory"); \
      puts("nothing");                                                               \
    }                                                                                \
  } while (0)

int main(void) {
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, NULL);
  const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
  for (int i = 0; i < 5; ++i) handle_with_info(signals[i], tell, SA_ONSTACK);
  // data: a page to read and write, one to read, one that is closed, two of a file that has ended.
  data = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(data + 4096, 4096, PROT_READ);
  mprotect(data + 8192, 4096, PROT_NONE);
  const int file = memfd_create("short", 0);
  if (ftruncate(file, 100) != 0) return 1;
  mmap(data + 3 * 4096, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);

  TRY("load from 8", "mov $8, %%eax\n1: mov (%%rax), %%rbx");
  TRY("store to 8", "mov $8, %%eax\n1: mov %%rbx, (%%rax)");
  TRY("add to 8", "mov $8, %%eax\n1: addl $5, (%%rax)");
  TRY("push to 8", "mov %%rsp, %%rbx\nmov $16, %%esp\n1: push %%rax\nmov %%rbx, %%rsp");
  TRY("read-only", "1: movb $1, 4100(%%rdi)");
  TRY("closed", "1: movb 8200(%%rdi), %%al");
  TRY("across a closed page", "1: mov 8188(%%rdi), %%rax");
  TRY("behind a file's end", "1: movb 16400(%%rdi), %%al");
  TRY("write behind a file's end", "1: movb %%al, 16400(%%rdi)");
  TRY("load, no address", "mov $0x8000000000000000, %%rax\n1: mov (%%rax), %%rbx");
  TRY("store, no address", "mov $0x8000000000000000, %%rax\n1: mov %%rbx, (%%rax)");
  TRY("stack, no address",
      "mov %%rsp, %%rbx\nmov $0x8000000000000000, %%rsp\n1: push %%rax\nmov %%rbx, %%rsp");
  TRY("kernel address", "mov $0xffff800000001000, %%rax\n1: mov (%%rax), %%rbx");
  TRY("string copy into closed",
      "add $4090, %%rsi\nadd $8180, %%rdi\nmov $100, %%ecx\n1: rep movsb");
  TRY("string store", "lea 4000(%%rdi), %%rdi\nmov $100, %%ecx\n1: rep stosq");
  TRY("string compare", "add $8100, %%rdi\nmov $100, %%ecx\nrepe cmpsb\n1: lodsb\n");
  TRY("movaps misaligned", "1: movaps 1(%%rdi), %%xmm0");
  TRY("xmm load from 8", "mov $8, %%eax\n1: movdqu (%%rax), %%xmm0");
  TRY("cmpxchg to read-only", "1: lock cmpxchg %%rbx, 4096(%%rdi)");
  TRY("call through 8", "mov $8, %%eax\n1: call *(%%rax)");
  TRY("jump to 8", "mov $8, %%eax\n1: jmp *%%rax");
  TRY("jump to data", "1: jmp *%%rdi");
  TRY("jump to closed", "lea 8200(%%rdi), %%rax\n1: jmp *%%rax");
  TRY("divide by 0", "xor %%ecx, %%ecx\n1: div %%ecx");
  TRY("divide overflow", "mov $-1, %%edx\nmov $1, %%ecx\n1: div %%ecx");
  TRY("idiv memory 0", "movl $0, (%%rdi)\n1: idivl (%%rdi)");
  TRY("ud2", "1: ud2");
  TRY("ud1", "1: ud1 %%eax, %%eax");
  TRY("int3", "1: int3");
  TRY("int $3", "1: .byte 0xcd, 0x03");
  TRY("int $4", "1: int $4");
  TRY("int $0x2d", "1: int $0x2d");
  TRY("int $0x81", "1: int $0x81");
  TRY("int $0xff", "1: int $0xff");
  TRY("hlt", "1: hlt");
  TRY("cli", "1: cli");
  TRY("in", "1: in $0x80, %%al");
  TRY("rdmsr", "mov $0x10, %%ecx\n1: rdmsr");
  TRY("mov from cr0", "1: mov %%cr0, %%rax");
  TRY("invlpg", "1: invlpg (%%rdi)");
  TRY("lgdt", "1: lgdt (%%rdi)");
  TRY("mov to ds", "mov $0xffff, %%eax\n1: mov %%ax, %%ds");
  TRY("lock on a register", "1: .byte 0xf0, 0x01, 0xc0");
  TRY("an old instruction", "1: .byte 0x06");
  TRY("x87 error",
      "fninit\nmovw $0x37b, (%%rdi)\nfldcw (%%rdi)\nfld1\nfldz\nfdivrp\n1: fwait\nfninit");
  TRY("sse error",
      "movl $0x1d00, (%%rdi)\nldmxcsr (%%rdi)\nxorps %%xmm0, %%xmm0\n1: divss %%xmm0, %%xmm0");
  return 0;
}
