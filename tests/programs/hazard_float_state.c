// hazard: 2.6
// Hazard: handlers of a fast timer overwrite vector and x87 registers; the interrupted code keeps
// its own.
#include "hazard.h"

static volatile int ticks;

static void overwrite(int signal) {
  static const double values[2] = {1e300, -1e300};
  (void)signal;
  ++ticks;
  __asm__ volatile(
      "movupd %0, %%xmm0; movupd %0, %%xmm1; movupd %0, %%xmm7; movupd %0, %%xmm15" ::"m"(values)
      : "xmm0", "xmm1", "xmm7", "xmm15");
  __asm__ volatile("fldpi; fldpi; fmulp; fstp %st(0)");
}

int main(void) {
  handle(SIGALRM, overwrite, 0);
  start_timer(100);
  int wrong = 0;
  while (ticks < 200) {
    long double slow = 1;
    double fast = 1.5;
    for (int i = 1; i < 2000; ++i) {
      fast = fast * i / i;
      slow = slow * i / i;
    }
    wrong += fast < 1.499 || fast > 1.501 || slow < 0.999L || slow > 1.001L;
  }
  start_timer(0);
  printf("wrong %d\n", wrong);
  return 0;
}
