// Hazard: a child process writes into code of its parent by process_vm_writev while the parent runs
// it in a loop; then the parent does so to itself.
// hazard: 5.5
// modes: no-trust (code is changed after it was believed)
#include "hazard_code.h"

#include <sys/uio.h>

static void write_to(pid_t process, void* at, int value) {
  char code[6];
  put_function(code, value);
  const struct iovec local = {code, 6}, remote = {at, 6};
  if (process_vm_writev(process, &local, 1, &remote, 1, 0) != 6) _exit(3);
}

int main(void) {
  char* page = map_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
  put_function(page, 1);
  printf("%d\n", call(page));
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    usleep(20000);
    write_to(getppid(), page, 2);
    _exit(0);
  }
  while (call(page) == 1) {
  }
  printf("%d %d\n", call(page), wait_for(child));
  for (int i = 3; i < 10; ++i) {
    write_to(getpid(), page, i);
    printf("%d ", call(page));
  }
  puts("");
  return 0;
}
