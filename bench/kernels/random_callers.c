// As many_callers, but which of the sites comes next is random, as are branches in between.
#include "kernel.h"

NOINLINE static uint64_t leaf(uint64_t x) {
  return (x ^ (x >> 7)) + 0x9e37;
}

// clang-format off
#define SITE(n) case n: x = leaf(x) + n; if (x & 16) ++x; break;
#define SITE8(n) SITE(n) SITE(n + 1) SITE(n + 2) SITE(n + 3) SITE(n + 4) SITE(n + 5) SITE(n + 6) SITE(n + 7)
// clang-format on

int main(int argc, char** argv) {
  uint64_t x = 1;
  uint64_t random = 7;
  for (uint64_t i = work(argc, argv, 4e7); i > 0; --i) {
    switch (next_random(&random) & 63) {
      SITE8(0) SITE8(8) SITE8(16) SITE8(24) SITE8(32) SITE8(40) SITE8(48) SITE8(56)
    }
  }
  return report(x);
}
