// modes: no-trust (rewrites code that has run)
// hazard: 5.8 6.4
// Hazard: personality(READ_IMPLIES_EXEC) makes memory executable that never was asked to be.
#include <sys/personality.h>
#include "hazard.h"

int main(void) {
  personality(READ_IMPLIES_EXEC);
  char* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 20; ++i) {
    memcpy(page, "\xb8\x00\x00\x00\x00\xc3", 6);  // mov $i, %eax; ret
    page[1] = (char)i;
    const int result = ((int (*)(void))page)();
    if (result != i || gs_base() != 0) return printf("round %d: %d\n", i, result), 1;
  }
  puts("every change was seen");
  return 0;
}
