// modes: heavy (thousands of processes)
// hazard: 3.6
// Hazard: many posix_spawn in a row, each a child that shares the memory of its parent for a
// while. Nothing may pile up in the address space.
#include <spawn.h>
#include "hazard.h"

// A tracer may make its own for what it uses anew, but not one for each child.
enum { kFew = 30 };

extern char** environ;

static int count_mappings(void) {
  FILE* maps = fopen("/proc/self/maps", "r");
  int lines = 0;
  for (int c; (c = getc(maps)) != EOF;) lines += c == '\n';
  fclose(maps);
  return lines;
}

static int spawn(int times) {
  int bad = 0;
  for (int i = 0; i < times; ++i) {
    pid_t child;
    char* arguments[] = {"true", NULL};
    bad += posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ) != 0;
    bad += wait_for(child) != 0;
  }
  return bad;
}

int main(void) {
  int bad = spawn(5);
  const int before = count_mappings();
  bad += spawn(55);
  const int grown = count_mappings() - before;
  printf("%d went wrong, the mappings are %s\n", bad, grown <= kFew ? "as many" : "more");
  return bad != 0 || grown > kFew;
}
