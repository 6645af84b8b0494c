// Hazard: code changed through another mapping of the same memory: memfd, file, anonymous shared
// memory, a mapping that is made executable later; by a child process while the parent runs it.
// hazard: 5.4
// modes: no-trust (code is changed after it was believed)
#include "hazard_code.h"

#include <fcntl.h>

static void change_through(char* writable, char* code) {
  for (int i = 0; i < 5; ++i) {
    put_function(writable, i);
    printf("%d ", call(code));
  }
}

// The store and what it changes in one run of instructions, through two mappings:
//   movb $i, writable+imm ; mov $0, %eax ; ret
static int change_next_instruction(char* writable, char* code, int value) {
  unsigned char bytes[] = {0x48, 0xb9, 0,
                           0,    0,    0,
                           0,    0,    0,
                           0,                                 // movabs $address, %rcx
                           0xc6, 0x01, (unsigned char)value,  // movb $value, (%rcx)
                           0xb8, 0,    0,
                           0,    0,    0xc3};
  char* operand = writable + 14;
  memcpy(bytes + 2, &operand, 8);
  memcpy(writable, bytes, sizeof bytes);
  return call(code);
}

int main(void) {
  char name[] = "/tmp/code_XXXXXX";
  const int files[] = {memfd_create("code", 0), mkstemp(name)};
  for (int i = 0; i < 2; ++i) {
    if (ftruncate(files[i], kPage) != 0) return 2;
    char* writable = map_file(files[i], PROT_READ | PROT_WRITE, MAP_SHARED);
    change_through(writable, map_file(files[i], PROT_READ | PROT_EXEC, MAP_SHARED));
    char* late = map_file(files[i], PROT_READ, MAP_SHARED);
    mprotect(late, kPage, PROT_READ | PROT_EXEC);
    change_through(writable, late);
    for (int value = 1; value < 4; ++value) {
      printf("%d ", change_next_instruction(writable, late, value));
    }
    puts("");
  }
  unlink(name);

  char* code =
      mmap(NULL, kPage, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  put_function(code, 1);
  printf("%d\n", call(code));
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    usleep(20000);
    put_function(code, 2);
    _exit(0);
  }
  while (call(code) == 1) {
  }
  printf("%d %d\n", call(code), wait_for(child));
  return 0;
}
