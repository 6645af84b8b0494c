// Shared by the kernels: the work is a factor given as the first argument; the result is printed,
// so that a wrong run shows.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define NOINLINE __attribute__((noinline, noclone))

// `units` of work for the factor in argv[1] (default 1.0).
static inline uint64_t work(int argc, char** argv, double units) {
  const double factor = argc > 1 ? atof(argv[1]) : 1.0;
  return (uint64_t)(units * factor) + 1;
}

static inline uint64_t next_random(uint64_t* state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return *state >> 33;
}

static inline int report(uint64_t result) {
  printf("%llu\n", (unsigned long long)result);
  return 0;
}
