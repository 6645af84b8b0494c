// Hazard: code in a System V shared memory segment, attached twice, changed through the other
// attachment; made executable by SHM_EXEC, or by mprotect later; detached, and its place taken.
// hazard: 5.4 3.12
// modes: no-trust (code is changed after it was believed)
#include "hazard_code.h"

#include <sys/shm.h>

int main(void) {
  const int segment = shmget(IPC_PRIVATE, kPage, IPC_CREAT | 0700);
  char* writable = shmat(segment, NULL, 0);
  char* code = shmat(segment, NULL, SHM_EXEC | SHM_RDONLY);
  char* late = shmat(segment, NULL, 0);
  shmctl(segment, IPC_RMID, NULL);
  mprotect(late, kPage, PROT_READ | PROT_EXEC);
  for (int i = 0; i < 5; ++i) {
    put_function(writable, i);
    printf("%d %d  ", call(code), call(late));
  }
  puts("");
  shmdt(code);
  printf("%d", try_call(code));
  mmap(code, kPage, PROT_READ | PROT_WRITE | PROT_EXEC,
       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  put_function(code, 50);
  printf(" %d %d\n", call(code), call(late));
  const int other = shmget(IPC_PRIVATE, kPage, IPC_CREAT | 0700);
  char* source = shmat(other, NULL, 0);
  put_function(source, 60);
  const char* there = shmat(other, code, SHM_REMAP | SHM_EXEC);
  shmctl(other, IPC_RMID, NULL);
  printf("%d %d\n", there == code, call(code));
  return 0;
}
