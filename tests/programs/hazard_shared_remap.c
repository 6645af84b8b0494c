// run: %
// run: setarch -R %
// modes: no-trust (rewrites code that has run)
// hazard: 5.4
// Hazard: code in a shared mapping that mremap moved, changed through another mapping of the file.
#include "hazard.h"

int main(void) {
  const int file = memfd_create("code", 0);
  if (ftruncate(file, 8192) != 0) return 2;
  char* writable = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  char* code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  mmap(code + 4096, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);  // often, in its way
  code = mremap(code, 4096, 8192, MREMAP_MAYMOVE);
  memcpy(writable, "\xb8\x00\x00\x00\x00\xc3", 6);  // mov $i, %eax; ret
  mprotect(code, 8192, PROT_READ | PROT_EXEC);
  for (int i = 0; i < 20; ++i) {
    writable[1] = (char)i;
    const int result = ((int (*)(void))code)();
    if (result != i) return printf("round %d: %d\n", i, result), 1;
  }
  puts("every change was seen");
  return 0;
}
