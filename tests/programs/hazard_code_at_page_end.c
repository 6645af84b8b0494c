// hazard: 1.3 1.7
// Hazard: code that ends where memory ends: instructions that straddle into a page without access,
// in all lengths, blocks that run into it, calls whose return address is beyond it, jumps into the
// middle of an instruction, more than fifteen bytes.
#include "hazard.h"

static unsigned char *pages, *end;
static volatile long pc, address;
static volatile int code;
static sigjmp_buf back;
static void on_fault(int signal, siginfo_t* info, void* context) {
  pc = ((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP] - (long)end;
  address = (long)info->si_addr - (long)end;
  code = info->si_code;
  siglongjmp(back, signal);
}

static void show(const char* what, long start) {
  const int signal = sigsetjmp(back, 1);
  if (signal == 0) {
    ((void (*)(void))(void*)(end + start))();
    printf("%s from %ld: returns\n", what, start);
  } else {
    printf("%s from %ld: signal %d code %d at %ld address %ld\n", what, start, signal, code, pc,
           address < -8192 || address > 8192 ? 9999 : address);
  }
}

static void place(const unsigned char* bytes, int count, long at) {
  mprotect(pages, 4096, PROT_READ | PROT_WRITE);
  memset(pages, 0x90, 4096);
  memcpy(end + at, bytes, (size_t)(at + count > 0 ? -at : count));
  mprotect(pages, 4096, PROT_READ | PROT_EXEC);
}
#define PLACE(at, ...) \
  place((const unsigned char[]){__VA_ARGS__}, sizeof((unsigned char[]){__VA_ARGS__}), at)

static void all_in(const char* name) {
  printf("%s\n", name);
  static const unsigned char kMov[] = {0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8};
  for (int cut = 1; cut < 10; ++cut) {
    place(kMov, sizeof kMov, -cut);
    show("mov", -cut - 3);
  }
  PLACE(-1, 0xc3);
  show("ret", -1);
  show("nops, ret", -9);
  PLACE(-1, 0x90);
  show("nops", -5);
  PLACE(-2, 0x74, 0x7f);
  show("jcc, not taken or taken, both beyond", -2);
  PLACE(-5, 0xe8, 0, 0, 0, 0);
  show("call to the end", -5);
  PLACE(-6, 0xe8, 0xfc, 0xff, 0xff, 0xff);  // into its own displacement
  show("call into itself", -6);
  PLACE(-3, 0x0f, 0x05, 0x90);
  show("syscall before the end", -3);
  PLACE(-1, 0xe8);
  show("cut call", -1);
  PLACE(-1, 0x0f);
  show("cut escape", -1);
  PLACE(-2, 0x66, 0x66);
  show("prefixes only", -2);
  PLACE(-3, 0xb8, 0xeb, 0x01);  // mov $x01eb: jmp from its middle
  show("middle", -2);
  PLACE(-12, 0xb8, 0xc3, 0, 0, 0, 0x3c, 0xc3, 0xeb, 0xf8, 0x90, 0x90, 0x90);
  show("middle of mov", -11);
  show("middle of cmp", -6);
  show("start of both", -12);
  unsigned char many[32];
  for (int count = 13; count <= 18; ++count) {
    memset(many, 0x2e, sizeof many);
    many[count] = 0x90, many[count + 1] = 0xc3;
    place(many, count + 2, -32);
    show("many prefixes", -32);
    memset(many, 0x66, sizeof many);
    place(many, count < 14 ? count : 14, count < 14 ? -count : -14);
    show("prefixes to the end", count < 14 ? -count : -14);
  }
  memset(many, 0x66, sizeof many);
  place(many, 15, -15);
  show("fifteen prefixes to the end", -15);
  place(many, 16, -16);
  show("sixteen prefixes to the end", -16);
}

int main(void) {
  static char alternate[1 << 16];
  const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&stack, NULL);
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  handle_with_info(SIGSEGV, on_fault, SA_ONSTACK | SA_NODEFER);
  handle_with_info(SIGILL, on_fault, SA_ONSTACK | SA_NODEFER);
  handle_with_info(SIGBUS, on_fault, SA_ONSTACK | SA_NODEFER);
  pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  end = pages + 4096;
  memset(end, 0x90, 4096);
  mprotect(end, 4096, PROT_NONE);
  all_in("before a page without access");
  mprotect(end, 4096, PROT_READ | PROT_WRITE);
  memset(end, 0x90, 4096);
  all_in("before a page without permission to execute");
  munmap(end, 4096);
  all_in("before nothing");
  const int file = memfd_create("short", 0);
  if (ftruncate(file, 0) != 0) return 1;
  if (mmap(end, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, file, 0) != end) return 1;
  all_in("before a page beyond the end of its file");
  return 0;
}
