// hazard: 2.4
// Hazard: the x87 unit remembers where its last instruction stood, and fnstenv, fnsave, fxsave,
// xsave, xsavec and signal frames show it. The program finds its own address there (position-
// independent shellcode finds itself so), never that of a copy.
#include "hazard.h"

extern char getpc_start[], x87_here[];
unsigned long getpc(void);
__asm__(
    ".text\n"
    "getpc:\n"
    "getpc_start: fldz\n"
    "  fnstenv -40(%rsp)\n"
    "  mov -28(%rsp), %eax\n"
    "  fstp %st(0)\n"
    "  ret\n");

static unsigned char area[8192] __attribute__((aligned(64)));
static const long double value = 1.25L;

// The field as an offset from x87_here, or what it is when it is elsewhere.
static void show(const char* what, unsigned long pc, unsigned long mask) {
  const long offset = (long)((pc - (unsigned long)x87_here) & mask);
  if (offset >= 0 && offset < 64) {
    printf("%s: +%ld\n", what, offset);
  } else {
    printf("%s: %s\n", what, pc == 0 ? "zero" : "elsewhere");
  }
}
static unsigned long field(int offset, int bytes) {
  unsigned long v = 0;
  memcpy(&v, area + offset, (size_t)bytes);
  return v;
}

static void in_frame(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info;
  show("frame", ((ucontext_t*)context)->uc_mcontext.fpregs->rip, ~0ul);
  // In the handler the unit is as at the start.
  __asm__ volatile("fxsave64 %0" : "=m"(area));
  show("handler", field(8, 8), ~0ul);
}

int main(void) {
  const unsigned long here = getpc();
  printf("getpc: %s\n", here == (unsigned)(unsigned long)getpc_start ? "right" : "wrong");
  handle_with_info(SIGUSR1, in_frame, 0);

  __asm__ volatile("x87_here: fldt %1; nop; fnstenv %0" : "=m"(area) : "m"(value));
  show("fnstenv", field(12, 4), 0xffffffff);
  __asm__ volatile("data16 fnstenv %0" : "=m"(area));
  show("fnstenv16", field(6, 2), 0xffff);
  __asm__ volatile("fxsave %0" : "=m"(area));
  show("fxsave", field(8, 4), 0xffffffff);
  __asm__ volatile("fxsave64 %0" : "=m"(area));
  show("fxsave64", field(8, 8), ~0ul);
  memset(area, 0, sizeof area);
  __asm__ volatile("xsave %0" : "=m"(area) : "a"(3), "d"(0));
  show("xsave", field(8, 4), 0xffffffff);
  __asm__ volatile("xsave64 %0" : "=m"(area) : "a"(3), "d"(0));
  show("xsave64", field(8, 8), ~0ul);
  memset(area, 0x77, 512);
  memset(area + 512, 0, 512);
  __asm__ volatile("xsave64 %0" : "=m"(area) : "a"(2), "d"(0));
  printf("not asked for: %lx\n", field(8, 8));
  __asm__ volatile("xsavec64 %0" : "=m"(area) : "a"(3), "d"(0));
  show("xsavec64", field(8, 8), ~0ul);
  memset(area, 0, sizeof area);
  __asm__ volatile("xsaveopt64 %0" : "=m"(area) : "a"(3), "d"(0));
  show("xsaveopt64", field(8, 8), ~0ul);
  register unsigned char* base __asm__("r15") = area;
  __asm__ volatile("fxsave64 (%0)" : : "r"(base) : "memory");
  show("by r15", field(8, 8), ~0ul);
  raise(SIGUSR1);
  __asm__ volatile("fxsave64 %0" : "=m"(area));
  show("after the signal", field(8, 8), ~0ul);
  __asm__ volatile("fxrstor64 %0; fxsave64 %0" : "+m"(area));
  show("restored", field(8, 8), ~0ul);
  __asm__ volatile("fnsave %0" : "=m"(area));
  show("fnsave", field(12, 4), 0xffffffff);
  __asm__ volatile("fnstenv %0" : "=m"(area));
  show("after fnsave", field(12, 4), 0xffffffff);
  return 0;
}
