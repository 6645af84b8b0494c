// modes: no-trust (rewrites code that has run)
// hazard: 2.2
// Hazard: the AC flag is set around direct and indirect calls and their returns, in the program's
// text and on a writable page. Nothing the program does is misaligned, so nothing may fault.
#include "hazard.h"

static void call_directly(void) {
  __asm__ volatile(
      "lea -128(%%rsp), %%rsp\n"
      "pushf; pop %%rdx; mov %%rdx, %%rcx; or $0x40000, %%rcx; push %%rcx; popf\n"
      "call 2f\n"
      "lea 2f(%%rip), %%rax\n"
      "call *%%rax\n"
      "jmp 3f\n"
      "2: ret\n"
      "3: push %%rdx; popf\n"
      "lea 128(%%rsp), %%rsp\n" ::
          : "rax", "rcx", "rdx", "memory", "cc");
}

// pushf; pop %rax; mov %rax, %rcx; xor $0x40000, %eax; push %rax; popf; call 1f; pushf; pop %rax;
// push %rcx; popf; xor %rcx, %rax; ret; 1: ret
static const char kProbe[] =
    "\x9c\x58\x48\x89\xc1\x35\x00\x00\x04\x00\x50\x9d\xe8\x08\x00\x00\x00\x9c\x58\x51\x9d"
    "\x48\x31\xc8\xc3\xc3";

int main(void) {
  char* page = mmap(NULL, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int toggled = 0;
  for (int i = 0; i < 200; ++i) {
    memcpy(page + i, kProbe, sizeof kProbe);
    call_directly();
    toggled += (((long (*)(void))(page + i))() & 0x40000) != 0;
  }
  printf("toggled %d times\n", toggled);
  return 0;
}
