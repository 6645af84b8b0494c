// build: -pthread
// hazard: 4.4
// Hazard: a signal whose action changes between a handler and the default (to ignore it) all the
// time, while it keeps coming. The program never leaves the tracer.
#include "hazard.h"

static void nothing(int signal) {
  (void)signal;
}

int main(void) {
  struct storm storm;
  signal(SIGURG, nothing);
  start_storm(&storm, SIGURG);
  int escaped = 0;
  for (int i = 0; i < 100000 && !escaped; ++i) {
    signal(SIGURG, i & 1 ? nothing : SIG_DFL);
    escaped = gs_base() != 0;
  }
  stop_storm(&storm);
  printf("escaped %d\n", escaped);
  return escaped;
}
