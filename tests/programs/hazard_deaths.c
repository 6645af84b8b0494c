// modes: no-ticks (one of its ways is to wait in pause, which any handler ends)
// hazard: 4.6
// Hazard: every way of dying by a signal gives the parent that signal.
#include <sys/resource.h>
#include "hazard.h"

static void die(int way) {
  switch (way) {
    case 0:
      *(volatile int*)8 = 1;
      break;
    case 1:
      __asm__ volatile("ud2");
      break;
    case 2:
      __asm__ volatile("int3");
      break;
    case 3:
      __asm__ volatile("xor %%ecx, %%ecx; div %%ecx" ::: "rax", "rcx", "rdx");
      break;
    case 4:
      kill(getpid(), SIGTERM);
      break;
    case 5:
      kill(getpid(), SIGSEGV);
      break;
    case 6:
      abort();
    case 7:
      raise(SIGRTMIN + 3);
      break;
    case 8:
      ((void (*)(void))16)();
      break;
    case 9:
      pause();
      break;
  }
}

int main(void) {
  const struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  for (int way = 0; way < 10; ++way) {
    const pid_t child = fork();
    if (child == 0) {
      die(way);
      _exit(1);
    }
    if (way == 9) {
      usleep(20000);
      kill(child, SIGSEGV);
    }
    const int status = wait_for(child);
    printf("way %d: exited %d, signal %d\n", way, WIFEXITED(status), WTERMSIG(status));
  }
  fflush(stdout);
  die(0);
  return 1;
}
