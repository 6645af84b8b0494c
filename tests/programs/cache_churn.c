// cache_churn ROUNDS [resident]: makes new code ROUNDS times in the same place, 5,000 functions
// each, and calls all of it. Prints the sum of what they return on standard output, and if asked
// the resident memory in KiB at its end on standard error.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { kFunctions = 5000, kFunctionBytes = 16, kBytes = kFunctions * kFunctionBytes };

static long resident_kib(void) {
  char line[128];
  long kib = -1;
  FILE* status = fopen("/proc/self/status", "r");
  while (fgets(line, sizeof line, status) != NULL) sscanf(line, "VmRSS: %ld", &kib);
  fclose(status);
  return kib;
}

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 10;
  uint8_t* code = mmap(NULL, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint64_t sum = 0;
  for (int round = 0; round < rounds; ++round) {
    mprotect(code, kBytes, PROT_READ | PROT_WRITE);
    for (uint32_t i = 0; i < kFunctions; ++i) {
      const uint32_t value = i * 3 + (uint32_t)round;
      memcpy(code + i * kFunctionBytes, "\xb8\0\0\0\0\xc3", 6);  // mov eax, value; ret
      memcpy(code + i * kFunctionBytes + 1, &value, 4);
    }
    mprotect(code, kBytes, PROT_READ | PROT_EXEC);
    for (uint32_t i = 0; i < kFunctions; ++i) {
      sum += ((uint32_t(*)(void))(code + i * kFunctionBytes))();
    }
  }
  printf("%llu\n", (unsigned long long)sum);
  if (argc > 2) fprintf(stderr, "%ld\n", resident_kib());
}
