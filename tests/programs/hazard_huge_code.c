// modes: no-trust (rewrites code that has run)
// hazard: 5.11
// Hazard: code on a huge page, where the kernel makes one, moved, split by mprotect, and merged
// with equal pages by MADV_MERGEABLE: the same code runs before and after.
#include "hazard.h"

enum { kHuge = 2 << 20, kStep = 4096 };

// mov $value, %eax; ret, at the start of each page.
static void fill(unsigned char* code, int first) {
  for (int page = 0; page < kHuge / kStep; ++page) {
    unsigned char* const at = code + page * kStep;
    const int value = first + page;
    at[0] = 0xb8;
    memcpy(at + 1, &value, 4);
    at[5] = 0xc3;
  }
}

static long run_all(const unsigned char* code) {
  long sum = 0;
  for (int page = 0; page < kHuge / kStep; ++page) sum += ((int (*)(void))(code + page * kStep))();
  return sum;
}

int main(void) {
  unsigned char* const room = mmap(NULL, 3 * kHuge, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unsigned char* const code = (unsigned char*)(((uintptr_t)room + kHuge - 1) & -(uintptr_t)kHuge);
  madvise(code, kHuge, MADV_HUGEPAGE);
  fill(code, 1000);
  printf("filled %ld\n", run_all(code));
  mprotect(code, kHuge, PROT_READ | PROT_EXEC);
  printf("read only %ld\n", run_all(code));
  mprotect(code + kHuge / 2, kStep, PROT_READ | PROT_WRITE | PROT_EXEC);
  code[kHuge / 2 + 1] ^= 0xff;
  printf("split %ld\n", run_all(code));
  mprotect(code, kHuge, PROT_READ | PROT_WRITE | PROT_EXEC);
  madvise(code, kHuge, MADV_MERGEABLE);
  fill(code, 5);
  printf("filled again %ld\n", run_all(code));
  unsigned char* const moved =
      mremap(code, kHuge, kHuge, MREMAP_MAYMOVE | MREMAP_FIXED, code == room ? room + kHuge : room);
  printf("moved %ld\n", run_all(moved));
  return 0;
}
