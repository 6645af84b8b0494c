// run: %
// run: setarch -R %
// hazard: 6.4
// Hazard: the heap of a position independent program grows by 64 MiB; nothing lies in its way.
#include "hazard.h"

int main(void) {
  char* start = sbrk(0);
  for (int i = 0; i < 64; ++i) {
    char* step = sbrk(1 << 20);
    if (step == (void*)-1) {
      printf("no room after %d MiB\n", i);
      return 1;
    }
    step[0] = step[(1 << 20) - 1] = (char)i;
  }
  printf("grown by %ld MiB\n", ((char*)sbrk(0) - start) >> 20);
  return 0;
}
