// A call through a pointer that always has the same value.
#include "kernel.h"

NOINLINE static uint64_t callback(uint64_t x) {
  return x * 5 + 1;
}

int main(int argc, char** argv) {
  uint64_t (*volatile function)(uint64_t) = callback;
  uint64_t x = 1;
  for (uint64_t i = work(argc, argv, 4e8); i > 0; --i) x = function(x);
  return report(x);
}
