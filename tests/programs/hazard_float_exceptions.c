// hazard: 2.5
// build: -lm
// Hazard: floating-point exceptions that are not masked, rounding upwards, flushed denormals,
// 24-bit x87 precision, through code dense with branches and calls: only the program's own
// operations raise them, at their own pc, and sticky flags are what the program made them.
#include "hazard.h"

#include <fenv.h>
#include <math.h>

static sigjmp_buf back;
static volatile int code;
static volatile unsigned long pc;
static void on_fpe(int signal, siginfo_t* info, void* context) {
  (void)signal;
  code = info->si_code;
  pc = (unsigned long)info->si_addr -
       (unsigned long)((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP];
  siglongjmp(back, 1);
}
static volatile int ticks;
static void on_tick(int signal) {
  (void)signal;
  ++ticks;
  volatile double d = 1;
  for (volatile int i = 1; i < 20; ++i) d = d / i;
}

static int collatz(unsigned n) {
  int steps = 0;
  for (; n != 1; ++steps) n = n & 1 ? 3 * n + 1 : n / 2;
  return steps;
}
static int compare(const void* a, const void* b) {
  return *(const int*)a - *(const int*)b;
}

static void work(const char* what) {
  int values[300];
  long sum = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 300; ++i) values[i] = collatz((unsigned)i + 1) * 7919 % 1000;
    qsort(values, 300, sizeof values[0], compare);
    for (int i = 0; i < 300; ++i) sum += values[i] * i;
  }
  printf("%s: %ld\n", what, sum);
}

static void raise_one(const char* what, double a, double b, int kind) {
  volatile double x = a, y = b, z = 0;
  volatile float f = 0;
  volatile long double l;
  code = 0;
  if (sigsetjmp(back, 1) == 0) {
    switch (kind) {
      case 0:
        z = x / y;
        break;
      case 1:
        z = sqrt(x);
        break;
      case 2:
        f = (float)x;
        break;
      case 3:
        l = (long double)x / y;
        z = (double)(l + 1);
        break;
    }
  }
  printf("%s: code %d, si_addr is the pc %d\n", what, code, pc == 0);
  (void)z, (void)f;
}

int main(void) {
  unsigned mxcsr;
  unsigned short control;
  handle_with_info(SIGFPE, on_fpe, SA_NODEFER);
  handle(SIGALRM, on_tick, SA_RESTART);
  start_timer(1000);
  feenableexcept(FE_ALL_EXCEPT & ~FE_INEXACT);
  work("unmasked");
  raise_one("by zero", 1, 0, 0);
  raise_one("invalid", -1, 0, 1);
  raise_one("overflow", 1e300, 0, 2);
  raise_one("x87 by zero", 1, 0, 3);
  fedisableexcept(FE_ALL_EXCEPT);
  feclearexcept(FE_ALL_EXCEPT);
  work("masked");
  printf("sticky %x\n", fetestexcept(FE_ALL_EXCEPT));
  mxcsr = 0x1f80 | 0x8040 | 0x4000;  // flush, denormals are zero, upwards
  __asm__ volatile("ldmxcsr %0" ::"m"(mxcsr));
  volatile double tiny = 5e-324, third = 1.0 / 3;
  work("flushed, upwards");
  third = 1;
  third = third / 3;
  printf("%d %.20f\n", tiny * 1 == 0, third);
  __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
  printf("mxcsr %x\n", mxcsr);
  mxcsr = 0x1f80;
  __asm__ volatile("ldmxcsr %0" ::"m"(mxcsr));
  control = 0x007f;  // 24 bits, nearest
  __asm__ volatile("fldcw %0" ::"m"(control));
  work("24 bits");
  volatile long double one = 1, three = 3;
  printf("%.20Lf\n", one / three);
  __asm__ volatile("fnstcw %0" : "=m"(control));
  printf("control %x\n", control);
  start_timer(0);
  return 0;
}
