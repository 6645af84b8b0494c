// libc's qsort with a comparison function: indirect calls with unpredictable branches behind them.
#include "kernel.h"

static int compare(const void* a, const void* b) {
  const uint64_t x = *(const uint64_t*)a, y = *(const uint64_t*)b;
  return (x > y) - (x < y);
}

int main(int argc, char** argv) {
  enum { kLength = 100000 };
  static uint64_t numbers[kLength];
  uint64_t random = 11, sum = 0;
  for (uint64_t round = work(argc, argv, 60); round > 0; --round) {
    for (int i = 0; i < kLength; ++i) numbers[i] = next_random(&random);
    qsort(numbers, kLength, sizeof numbers[0], compare);
    sum = sum * 31 + numbers[kLength / 2];
  }
  return report(sum);
}
