// hazard: 4.5
// Hazard: signals nest until the alternate stack is full. The kernel then kills the program; it
// never writes below that stack.
#include "hazard.h"

static char* area;
static volatile int depth;

static void nest(int signal) {
  if (++depth < 100) raise(signal);
}

int main(void) {
  area = mmap(NULL, 1 << 17, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  memset(area, 0x5a, 1 << 17);
  const pid_t child = fork();
  if (child == 0) {
    const stack_t stack = {.ss_sp = area + (1 << 16), .ss_size = 1 << 14};
    sigaltstack(&stack, NULL);
    handle(SIGUSR1, nest, SA_ONSTACK | SA_NODEFER);
    raise(SIGUSR1);
    _exit(1);
  }
  const int status = wait_for(child);
  int changed = 0;
  for (int i = 0; i < 1 << 16; ++i) changed += area[i] != 0x5a;
  printf("signal %d, %d bytes below the stack changed\n", WTERMSIG(status), changed);
  return 0;
}
