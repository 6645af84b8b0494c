// build: -nostdlib -static -ffreestanding -fno-inline -fno-optimize-sibling-calls
//
// Recursion: linear, tree-shaped, mutual, and deeper than any return predictor.
#include "path_c.h"

static int fibonacci(int n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static int ackermann(int m, int n) {
  if (m == 0) return n + 1;
  if (n == 0) return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

static int is_odd(int n);
static int is_even(int n) {
  return n == 0 ? 1 : is_odd(n - 1);
}
static int is_odd(int n) {
  return n == 0 ? 0 : is_even(n - 1);
}

static int depth(int n) {
  volatile int here = n;
  return n == 0 ? 0 : 1 + depth(here - 1);
}

static int run(void) {
  if (fibonacci(9) != 34) return 1;
  if (ackermann(2, 3) != 9) return 2;
  if (!is_even(30)) return 3;
  if (depth(200) != 200) return 4;
  return 0;
}
