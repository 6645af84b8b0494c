// Hazard: code on pages that may only be executed, in a program that has never read them.
// hazard: 5.8 2.10
#include "hazard_code.h"

int main(void) {
  char* page = map_pages(2, PROT_READ | PROT_WRITE);
  put_function(page, 1);
  put_function(page + kPage - 3, 2);
  mprotect(page, 2 * kPage, PROT_EXEC);
  printf("%d %d", call(page), call(page + kPage - 3));
  mprotect(page + kPage, kPage, PROT_NONE);
  printf(" %d %d\n", try_call(page), try_call(page + kPage - 3));
  printf("%d %d\n", call_fault.si_addr == page + kPage, call_fault.si_code);
  return 0;
}
