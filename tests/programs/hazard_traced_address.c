// modes: no-ticks (each tick stops the child for its tracer)
// hazard: 3.13
// Hazard: a child whose tracer lets no signal pass makes addresses that cannot be read: of a page
// without access, and of a page behind the end of its file, as the vdso does. A translator that
// looks at what an address leads to faults there; the fault stops the child for its tracer, and the
// translator's handler never hears of it.
#include "hazard.h"

#include <sys/mman.h>
#include <sys/ptrace.h>

static char no_access[4096] __attribute__((aligned(4096), used));
static char behind_end[4096] __attribute__((aligned(4096), used));

__attribute__((noinline)) static long make_addresses(void) {
  long difference;
  __asm__ volatile(
      "lea no_access(%%rip), %0\n\t"
      "lea behind_end(%%rip), %%rcx\n\t"
      "sub %%rcx, %0\n\t"
      : "=r"(difference)
      :
      : "rcx", "cc");
  return difference;
}

int main(void) {
  mprotect(no_access, sizeof no_access, PROT_NONE);
  const int file = memfd_create("empty", 0);
  mmap(behind_end, sizeof behind_end, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0);
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    _exit(make_addresses() == no_access - behind_end ? 7 : 8);
  }
  int status = wait_for(child), stops = 0;
  while (WIFSTOPPED(status) && stops < 100) {
    if (stops > 0) printf("stopped by %s\n", strsignal(WSTOPSIG(status)));
    ++stops;
    ptrace(PTRACE_CONT, child, 0, 0);
    status = wait_for(child);
  }
  if (WIFSTOPPED(status)) kill(child, SIGKILL);
  printf("stops %d, exit status %d\n", stops, WEXITSTATUS(status));
}
