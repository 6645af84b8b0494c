// hazard: 3.17
// Hazard: a program limits its own address space and data: what a tracer has reserved there must
// not count, and the limits that the program reads are those it set.
#include "hazard.h"

#include <sys/resource.h>

static void show(const char* what, int resource) {
  struct rlimit limit = {0, 0};
  const int result = getrlimit(resource, &limit);
  printf("%s: %d %ld %ld\n", what, result, (long)limit.rlim_cur, (long)limit.rlim_max);
}

static void set(const char* what, int resource, rlim_t soft, rlim_t hard) {
  const struct rlimit limit = {soft, hard};
  const int result = setrlimit(resource, &limit);
  printf("%s: %d", what, result);
  printf(" %d\n", result == 0 ? 0 : errno);
}

static void allocate(int mebibytes) {
  void* memory = mmap(NULL, (size_t)mebibytes << 20, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("%d MiB: %d\n", mebibytes, memory != MAP_FAILED);
  if (memory != MAP_FAILED) munmap(memory, (size_t)mebibytes << 20);
}

static int in_shell(const char* script) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", script, NULL);
    _exit(127);
  }
  return WEXITSTATUS(wait_for(child));
}

static void limit(int resource) {
  set("500 MiB", resource, 500ul << 20, RLIM_INFINITY);
  show("now", resource);
  allocate(100);
  allocate(1000);
  printf("shell %d\n", in_shell("ulimit -v; ulimit -d; exit 3"));
  set("wrong", resource, 2, 1);
  set("back", resource, RLIM_INFINITY, RLIM_INFINITY);
  allocate(1000);
  char* arguments[] = {"nothing", NULL};
  set("hard, too", resource, 300ul << 20, 300ul << 20);
  execv("/no/such/program", arguments);
  show("now", resource);
  allocate(100);
  allocate(1000);
  struct rlimit old = {0, 0}, wanted = {200ul << 20, 300ul << 20};
  printf("prlimit %d", prlimit(getpid(), resource, &wanted, &old));
  printf(" %ld %ld\n", (long)old.rlim_cur, (long)old.rlim_max);
  printf("nowhere %ld", syscall(SYS_prlimit64, 0, resource, (void*)8, NULL));
  printf(" %d\n", errno);
  show("now", resource);
  printf("shell %d\n", in_shell("ulimit -Sv; ulimit -Sd; exit 4"));
}

int main(void) {
  for (int i = 0; i < 2; ++i) {
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      limit(i == 0 ? RLIMIT_AS : RLIMIT_DATA);
      exit(0);
    }
    printf("end %d\n", wait_for(child));
  }
  fflush(stdout);
  return in_shell("ulimit -v 800000; x=$(seq 1 20000 | tail -1); echo $x; /bin/echo on; exit 5");
}
