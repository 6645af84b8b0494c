// modes: heavy (hundreds of programs are started)
// hazard: 6.9
// Hazard: a thousand children that execute a program, by fork, vfork and posix_spawn: what a tracer
// keeps for each goes away with it.
#include <spawn.h>

#include "hazard.h"

// Without what is shared with others.
static long resident_kib(void) {
  return status_kib("RssAnon");
}

static char* arguments[] = {"true", NULL};
static char* environment[] = {NULL};

__attribute__((noinline)) static pid_t start(int way) {
  pid_t child;
  if (way == 2) {
    posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environment);
    return child;
  }
  child = way == 0 ? fork() : vfork();
  if (child == 0) {
    execve("/bin/true", arguments, environment);
    _exit(127);
  }
  return child;
}

int main(int argc, char** argv) {
  const int count = argc > 1 ? atoi(argv[1]) : 120;
  int good = 0;
  long before = 0;
  for (int i = 0; i < count; ++i) {
    if (i == 30) before = resident_kib();
    good += wait_for(start(i % 3)) == 0;
  }
  const long grown = resident_kib() - before;
  printf("%d of %d, grown by less than 2 MiB: %d\n", good, count, grown < 2048);
  if (getenv("HAZARD_MEASURE") != NULL) fprintf(stderr, "grown by %ld KiB\n", grown);
  return 0;
}
