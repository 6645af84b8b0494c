// The shortest loops: each turn is a handful of instructions and one taken branch.
#include "kernel.h"

NOINLINE static uint64_t collatz_steps(uint64_t n) {
  uint64_t steps = 0;
  for (; n != 1; ++steps) n = (n & 1) ? 3 * n + 1 : n / 2;
  return steps;
}

NOINLINE static uint64_t count_bytes(const uint8_t* bytes, uint64_t length) {
  uint64_t count = 0;
  for (uint64_t i = 0; i < length; ++i) {
    if (bytes[i] == 0) break;
    count += bytes[i] & 1;
    __asm__ volatile("" : "+r"(count));
  }
  return count;
}

int main(int argc, char** argv) {
  static uint8_t bytes[4096];
  uint64_t sum = 0;
  for (unsigned i = 0; i < sizeof bytes; ++i) bytes[i] = (uint8_t)(i | 1);
  for (uint64_t i = work(argc, argv, 4e5); i > 0; --i) {
    sum += count_bytes(bytes, sizeof bytes) + collatz_steps(i);
  }
  return report(sum);
}
