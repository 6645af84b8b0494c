// hazard: 4.6
// Hazard: an ignored SIGSEGV that was sent changes nothing; one that is caused kills all the same.
#include "hazard.h"

int main(void) {
  signal(SIGSEGV, SIG_IGN);
  for (int i = 0; i < 100; ++i) kill(getpid(), SIGSEGV);
  puts("sent and ignored");
  fflush(stdout);
  *(volatile int*)8 = 1;
  return 1;
}
