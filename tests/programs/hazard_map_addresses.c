// Hazard: the program asks for memory at the addresses that language runtimes, sanitizers and
// emulators build on, and below 2 GiB; and grows its heap by a gigabyte.
// hazard: 6.4
#include "hazard_code.h"

int main(void) {
  static const struct {
    const char* who;
    uintptr_t start;
    size_t bytes;
  } wanted[] = {
      {"lowest", 0x10000, 0x10000},
      {"Wine", 0x7ffe0000, 0x1000},
      {"Wine's heap", 0x110000, 0x10000},
      {"ASan's shadow", 0x7fff8000, 0x10007fff8000},
      {"ASan's allocator", 0x600000000000, 0x40000000000},
      {"LSan", 0x500000000000, 0x40000000000},
      {"MSan's shadow", 0x100000000000, 0x100000000000},
      {"MSan's application", 0x700000000000, 0x40000000000},
      {"TSan's metadata", 0x300000000000, 0x40000000000},
      {"TSan's heap", 0x720000000000, 0x20000000000},
      {"Go's arena", 0xc000000000, 0x4000000000},
      {"SBCL", 0x1000000000, 0x200000000},
      {"SBCL's code", 0x50000000, 0x10000000},
      {"JVM's heap", 0x80000000, 0x40000000},
      {"JVM's metaspace", 0x800000000, 0x40000000},
      {"LuaJIT", 0x40000000, 0x1000000},
      {"qemu-user", 0x4000000000, 0x1000000},
      {"Erlang", 0x20000000, 0x1000000},
      {"top of user space", 0x7ffffffde000, 0x1000},
  };
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; ++i) {
    void* at = (void*)wanted[i].start;
    void* got = mmap(at, wanted[i].bytes, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    printf("%s: %s\n", wanted[i].who, got == at ? "had" : strerror(errno));
    if (got != MAP_FAILED) munmap(got, wanted[i].bytes);
  }
  size_t low = 0;
  while (mmap(NULL, 1 << 24, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_32BIT, -1,
              0) != MAP_FAILED) {
    ++low;
  }
  printf("MAP_32BIT: %s\n", low > 50 ? "a gigabyte" : "less");
  char* heap = sbrk(1 << 30);
  printf("heap: %s\n", heap != (void*)-1 ? "grown" : "full");
  heap[(1 << 30) - 1] = 1;
  return 0;
}
