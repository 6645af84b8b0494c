// Code on a writable page that is changed after it has run a hundred times without a change: what a
// trust threshold below a hundred does not see.
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

int main(void) {
  static const unsigned char return_1[] = {0xb8, 1, 0, 0, 0, 0xc3};  // mov eax, 1; ret
  unsigned char* code =
      mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) return 2;
  memcpy(code, return_1, sizeof return_1);
  int (*function)(void) = (int (*)(void))code;
  int sum = 0;
  for (int i = 0; i < 100; ++i) sum += function();
  code[1] = 2;
  printf("%d %d\n", sum, function());
  return 0;
}
