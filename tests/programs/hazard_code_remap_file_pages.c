// Hazard: remap_file_pages exchanges the pages behind code.
// hazard: 3.12
// modes: no-trust (code is changed after it was believed)
#include "hazard_code.h"

int main(void) {
  const int file = memfd_create("code", 0);
  char code[2 * kPage] = {0};
  put_function(code, 1);
  put_function(code + kPage, 2);
  if (write(file, code, sizeof code) != sizeof code) return 2;
  char* pages = mmap(NULL, sizeof code, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
  printf("%d %d", call(pages), call(pages + kPage));
  const int first = remap_file_pages(pages, kPage, 0, 1, 0);
  const int second = remap_file_pages(pages + kPage, kPage, 0, 0, 0);
  printf(" %d %d %d %d\n", first, second, call(pages), call(pages + kPage));
  return 0;
}
