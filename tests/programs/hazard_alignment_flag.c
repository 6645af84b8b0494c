// modes: no-trust (rewrites code that has run)
// hazard: 2.2
// Hazard: the AC flag is set around jumps and a system call, in the program's text and in
// code on a writable page, as the JVM's feature probe does. Nothing the program does is misaligned,
// so nothing may fault.
#include "hazard.h"

static long toggled(void) {
  long changed;
  __asm__ volatile(
      "lea -128(%%rsp), %%rsp\n"
      "pushf\n"
      "pop %%rcx\n"
      "mov %%rcx, %%rdx\n"
      "xor $0x40000, %%rcx\n"
      "push %%rcx\n"
      "popf\n"
      "lea 3f(%%rip), %%rax\n"
      "jmp *%%rax\n"
      "ud2\n"
      "3: push %%rdx\n"
      "mov $39, %%eax\n"
      "syscall\n"
      "pop %%rdx\n"
      "pushf\n"
      "pop %0\n"
      "push %%rdx\n"
      "popf\n"
      "xor %%rdx, %0\n"
      "lea 128(%%rsp), %%rsp\n"
      : "=&r"(changed)::"rax", "rcx", "rdx", "r11", "memory", "cc");
  return changed & 0x40000;
}

// pushf; pop %rax; mov %rax, %rcx; xor $0x40000, %eax; push %rax; popf; jmp 1f; ud2; 1: pushf; pop
// %rax; push %rcx; popf; xor %rcx, %rax; ret
static const char kProbe[] =
    "\x9c\x58\x48\x89\xc1\x35\x00\x00\x04\x00\x50\x9d\xeb\x02\x0f\x0b\x9c\x58\x51\x9d"
    "\x48\x31\xc8\xc3";

int main(void) {
  char* page = mmap(NULL, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  long seen = 0;
  for (int i = 0; i < 200; ++i) {
    memcpy(page + i, kProbe, sizeof kProbe);
    seen += toggled() != 0;
    seen += (((long (*)(void))(page + i))() & 0x40000) != 0;
  }
  printf("toggled %ld times\n", seen);
  return 0;
}
