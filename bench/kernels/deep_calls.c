// Chains of calls 12 deep over many different functions, each reached from two sites.
#include "kernel.h"

#define FUNCTION(n, below)                             \
  NOINLINE static uint64_t function_##n(uint64_t x) {  \
    x = x * 3 + n;                                     \
    return (x & 8) ? below(x >> 1) + 1 : below(x) ^ n; \
  }

NOINLINE static uint64_t bottom(uint64_t x) {
  return x + 1;
}
FUNCTION(1, bottom)
FUNCTION(2, function_1)
FUNCTION(3, function_2)
FUNCTION(4, function_3)
FUNCTION(5, function_4)
FUNCTION(6, function_5)
FUNCTION(7, function_6)
FUNCTION(8, function_7)
FUNCTION(9, function_8)
FUNCTION(10, function_9)
FUNCTION(11, function_10)
FUNCTION(12, function_11)

int main(int argc, char** argv) {
  uint64_t x = 1;
  for (uint64_t i = work(argc, argv, 3e7); i > 0; --i) x = function_12(x & 0xffff);
  return report(x);
}
