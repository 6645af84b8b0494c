// run: %
// run: setarch -R %
// modes: no-trust (rewrites code that has run)
// hazard: 3.12 5.10
// Hazard: mprotect with PROT_GROWSDOWN makes far more of the stack executable than its arguments
// say. Code on the stack then runs, and sees the program's own gs base.
#include "hazard.h"

extern void* __libc_stack_end;

int main(void) {
  unsigned char room[32768];
  unsigned char* code = (unsigned char*)(((uintptr_t)room + 4095) & ~4095ul);
  void* last_page = (void*)((uintptr_t)__libc_stack_end & ~4095ul);
  const int everything = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN;
  printf("mprotect %d\n", mprotect(last_page, 4096, everything));
  memcpy(code, "\xf3\x48\x0f\xae\xc8\xc3", 6);  // rdgsbase %rax; ret
  const unsigned long inside = ((unsigned long (*)(void))code)();
  printf("gs base %lx %lx\n", inside, gs_base());
  for (int i = 0; i < 20; ++i) {
    memcpy(code, "\xb8\x00\x00\x00\x00\xc3", 6);  // mov $i, %eax; ret
    code[1] = (unsigned char)i;
    if (((int (*)(void))code)() != i) return 1;
  }
  return 0;
}
