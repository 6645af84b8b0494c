// One leaf called from 64 places that follow each other: the processor must predict 64 different
// returns.
#include "kernel.h"

NOINLINE static uint64_t leaf(uint64_t x) {
  return (x ^ (x >> 7)) + 0x9e37;
}

#define CALL x = leaf(x);
#define CALL8 CALL CALL CALL CALL CALL CALL CALL CALL
#define CALL64 CALL8 CALL8 CALL8 CALL8 CALL8 CALL8 CALL8 CALL8

NOINLINE static uint64_t all_sites(uint64_t x) {
  CALL64
  return x;
}

int main(int argc, char** argv) {
  uint64_t x = 1;
  for (uint64_t i = work(argc, argv, 8e6); i > 0; --i) x = all_sites(x);
  return report(x);
}
