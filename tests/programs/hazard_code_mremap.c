// Hazard: mremap moves code: over other code, away from its place, leaving zeros behind
// (MREMAP_DONTUNMAP), cutting off its end, or fails after it has unmapped the target.
// hazard: 3.12 5.6
#include "hazard_code.h"

static char* function_page(int value, int pages) {
  char* page = map_pages(pages, PROT_READ | PROT_WRITE);
  for (int i = 0; i < pages; ++i) put_function(page + i * kPage, value + i);
  mprotect(page, (size_t)pages * kPage, PROT_READ | PROT_EXEC);
  return page;
}

int main(void) {
  char* first = function_page(1, 1);
  char* second = function_page(2, 1);
  printf("%d %d", call(first), call(second));
  mremap(first, kPage, kPage, MREMAP_MAYMOVE | MREMAP_FIXED, second);
  printf(" %d %d\n", call(second), try_call(first));

  char* left = function_page(3, 1);
  printf("%d", call(left));
  char* moved = mremap(left, kPage, kPage, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
  printf(" %d %d %d\n", call(moved), left[0], try_call(left));

  char* three = function_page(4, 3);
  printf("%d %d %d", call(three), call(three + kPage), call(three + 2 * kPage));
  mremap(three, 3 * kPage, kPage, 0);
  printf(" %d %d %d\n", try_call(three), try_call(three + kPage), try_call(three + 2 * kPage));

  // Grown in place or not, then made of two protections.
  char* grown = mremap(three, kPage, 4 * kPage, MREMAP_MAYMOVE);
  printf("%d", call(grown));
  mprotect(grown + kPage, kPage, PROT_READ | PROT_WRITE);
  put_function(grown + kPage, 9);
  mprotect(grown + kPage, kPage, PROT_READ | PROT_EXEC);
  printf(" %d %d\n", call(grown), call(grown + kPage));

  // The old pages do not exist: the target may be gone all the same.
  char* target = function_page(7, 1);
  char* nothing = map_pages(2, PROT_READ);
  munmap(nothing, 2 * kPage);
  printf("%d", call(target));
  const void* failed = mremap(nothing, kPage, kPage, MREMAP_MAYMOVE | MREMAP_FIXED, target);
  printf(" %d %d\n", failed == MAP_FAILED, try_call(target));
  return 0;
}
