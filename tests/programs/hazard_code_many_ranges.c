// Hazard: executable pages come one by one, a hundred thousand of them, each by a call of its own;
// then every other one changes its protection. A tracer keeps a list of them.
// hazard: 5.7
#include "hazard_code.h"

enum { kPages = 100000, kHoles = 20000 };

int main(void) {
  char* pages = map_pages(kPages, PROT_READ | PROT_WRITE);
  long sum = 0;
  for (int i = 0; i < kPages; ++i) {
    char* page = pages + (long)i * kPage;
    if (i % 100 == 0) put_function(page, i);
    mprotect(page, kPage, PROT_READ | PROT_EXEC);
    if (i % 100 == 0) sum += call(page);
  }
  printf("%ld\n", sum);
  int failures = 0;
  for (int i = 1; i < kHoles; i += 2) {
    failures += mprotect(pages + (long)i * kPage, kPage, PROT_READ | PROT_WRITE) != 0;
  }
  for (int i = 0; i < kHoles; i += 100) sum -= call(pages + (long)i * kPage);
  printf("%ld %d\n", sum, failures);
  munmap(pages, (long)kPages * kPage);
  char* page = map_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
  put_function(page, 5);
  printf("%d\n", call(page));
  return 0;
}
