// fib: nothing but calls and returns, from two call sites.
#include "kernel.h"

// Without the optimizer's unrolling of recursion, which would leave few calls.
__attribute__((optimize("O1"))) NOINLINE static uint64_t fib(unsigned n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(int argc, char** argv) {
  uint64_t sum = 0;
  for (uint64_t i = work(argc, argv, 30); i > 0; --i) sum += fib(32 + (i & 1));
  return report(sum);
}
