// hazard: 1.3
// Return addresses and targets of indirect calls whose low 32 bits are equal, in use at the same
// time: a table that is indexed by those bits must tell them apart, and not live by faults for
// ever.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { kPlaces = 3, kRounds = 20000 };

typedef uint64_t Function(uint64_t, uint64_t (*)(uint64_t));

// f(x, g) = g(x) + g(x) + place
static const uint8_t kCode[] = {
    0x53,                                // push rbx
    0x55,                                // push rbp
    0x56,                                // push rsi
    0x48, 0x89, 0xf5,                    // mov  rbp, rsi
    0x48, 0x89, 0xfb,                    // mov  rbx, rdi
    0xff, 0xd6,                          // call rsi
    0x48, 0x89, 0xdf,                    // mov  rdi, rbx
    0x48, 0x89, 0xc3,                    // mov  rbx, rax
    0xff, 0xd5,                          // call rbp
    0x48, 0x8d, 0x84, 0x18, 0, 0, 0, 0,  // lea rax, [rax+rbx+place]
    0x5e,                                // pop  rsi
    0x5d,                                // pop  rbp
    0x5b,                                // pop  rbx
    0xc3,                                // ret
};

static uint64_t twice(uint64_t x) {
  return 2 * x + 1;
}

static Function* make(uint64_t address, uint32_t place) {
  uint8_t* code = mmap((void*)address, 4096, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (code != (void*)address) {
    perror("mmap");
    exit(1);
  }
  memcpy(code, kCode, sizeof kCode);
  memcpy(code + 23, &place, 4);
  mprotect(code, 4096, PROT_READ | PROT_EXEC);
  return (Function*)(uintptr_t)code;
}

int main(void) {
  Function* f[kPlaces];
  for (uint32_t i = 0; i < kPlaces; ++i) f[i] = make((0x1000ull + i) << 32 | 0x12345000, i * 1000);
  uint64_t sum = 0;
  for (uint64_t round = 0; round < kRounds; ++round) sum += f[round % kPlaces](round, twice);
  printf("%llu\n", (unsigned long long)sum);
  return 0;
}
