// hazard: 3.6
// Hazard: a child of vfork fails to execute a missing file, writes to memory it shares with its
// parent and leaves; the parent goes on with its own stack and registers.
#include "hazard.h"

int main(void) {
  volatile int tried = 0;
  volatile int bad = 0;
  for (volatile int i = 0; i < 100; ++i) {
    const pid_t child = vfork();
    if (child == 0) {
      char* arguments[] = {"missing", NULL};
      execv("/nonexistent/missing", arguments);
      tried += errno == ENOENT;
      _exit(127);
    }
    bad += child < 0 || wait_for(child) != 127 << 8;
  }
  printf("tried %d, wrong %d\n", tried, bad);
  return 0;
}
