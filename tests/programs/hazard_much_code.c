// hazard: 5.7
// Far more code than a code cache holds: 60,000 generated functions, called three times over by two
// threads, forwards and backwards, while a third spins in a loop that never leaves its few blocks.
// A cache that grows without bound takes all memory; one that throws code away must not do so while
// a thread is inside.
// build: -pthread
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { kFunctions = 60000, kBytes = 32, kPasses = 3 };

static uint8_t* code;
static volatile int done;

// mov eax, edi; add eax, i; jno +2; ud2; ret; padding
static void generate(void) {
  code =
      mmap(NULL, kFunctions * kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (uint32_t i = 0; i < kFunctions; ++i) {
    uint8_t* at = code + i * kBytes;
    memcpy(at, "\x89\xf8\x05\0\0\0\0\x71\x02\x0f\x0b\xc3", 12);
    memcpy(at + 3, &i, 4);
  }
  mprotect(code, kFunctions * kBytes, PROT_READ | PROT_EXEC);
}

static uint32_t call(uint32_t i, uint32_t argument) {
  return ((uint32_t(*)(uint32_t))(code + i * kBytes))(argument);
}

static void* forwards(void* sum) {
  for (int pass = 0; pass < kPasses; ++pass) {
    for (uint32_t i = 0; i < kFunctions; ++i) *(uint64_t*)sum += call(i, 7);
  }
  return NULL;
}

static void* backwards(void* sum) {
  for (int pass = 0; pass < kPasses; ++pass) {
    for (uint32_t i = kFunctions; i-- > 0;) *(uint64_t*)sum += call(i, 9);
  }
  return NULL;
}

static void* spin(void* unused) {
  uint64_t rounds = 0;
  while (!done) ++rounds;
  return rounds == 0 ? unused : NULL;
}

int main(void) {
  generate();
  pthread_t spinner, threads[2];
  uint64_t sums[2] = {0, 0};
  pthread_create(&spinner, NULL, spin, NULL);
  pthread_create(&threads[0], NULL, forwards, &sums[0]);
  pthread_create(&threads[1], NULL, backwards, &sums[1]);
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
  done = 1;
  pthread_join(spinner, NULL);
  printf("%llu %llu\n", (unsigned long long)sums[0], (unsigned long long)sums[1]);
}
