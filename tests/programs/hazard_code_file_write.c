// Hazard: code in a private mapping of a file, never written to itself, changes when the file does:
// by pwrite, through a shared mapping, by ftruncate, through a descriptor opened later.
// hazard: 5.4
// modes: no-trust (code is changed after it was believed)
#include "hazard_code.h"

#include <fcntl.h>

int main(void) {
  char code[kPage] = {0};
  put_function(code, 1);
  char name[] = "/tmp/code_XXXXXX";
  const int files[] = {memfd_create("code", 0), mkstemp(name)};
  for (int i = 0; i < 2; ++i) {
    const int file = files[i];
    put_function(code, 1);
    if (pwrite(file, code, kPage, 0) != kPage) return 2;
    char* page = map_file(file, PROT_READ | PROT_EXEC, MAP_PRIVATE);
    printf("%d", call(page));
    put_function(code, 2);
    pwrite(file, code, 6, 0);
    printf(" %d", call(page));
    char* shared = map_file(file, PROT_READ | PROT_WRITE, MAP_SHARED);
    put_function(shared, 3);
    printf(" %d", call(page));
    ftruncate(file, 0);
    printf(" %d", try_call(page));
    ftruncate(file, kPage);
    put_function(shared, 4);
    printf(" %d\n", call(page));
  }

  // As a library is mapped: read-only. Somebody opens it for writing later.
  const int file = open(name, O_RDONLY);
  char* page = map_file(file, PROT_READ | PROT_EXEC, MAP_PRIVATE);
  close(file);
  close(files[1]);
  printf("%d", call(page));
  const int writable = open(name, O_WRONLY);
  for (int i = 5; i < 8; ++i) {
    put_function(code, i);
    pwrite(writable, code, 6, 0);
    printf(" %d", call(page));
  }
  puts("");
  unlink(name);
  return 0;
}
