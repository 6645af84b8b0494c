// Hazard: the program asks that all that can be read can be executed (READ_IMPLIES_EXEC) while it
// runs: mappings that nobody asked to be executable hold code, and change.
// hazard: 5.8
// modes: no-trust (code is changed after it was believed)
#include "hazard_code.h"

#include <sys/personality.h>

int main(void) {
  char* before = map_pages(1, PROT_READ | PROT_WRITE);
  put_function(before, 1);
  printf("%d", try_call(before));
  personality(READ_IMPLIES_EXEC);
  printf(" %d", try_call(before));
  char* page = map_pages(1, PROT_READ | PROT_WRITE);
  for (int i = 0; i < 4; ++i) {
    put_function(page, i);
    printf(" %d", call(page));
  }
  mprotect(before, kPage, PROT_READ);
  printf(" %d", call(before));
  mprotect(before, kPage, PROT_READ | PROT_WRITE);
  put_function(before, 2);
  printf(" %d", call(before));
  char* heap = sbrk(kPage);
  for (int i = 5; i < 8; ++i) {
    put_function(heap, i);
    printf(" %d", call(heap));
  }
  personality(0);
  char* after = map_pages(1, PROT_READ | PROT_WRITE);
  put_function(after, 3);
  printf(" %d %d\n", try_call(after), call(page));
  return 0;
}
