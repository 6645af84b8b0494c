// hazard: 3.17
// Hazard: limits that leave no room for a tracer: no further descriptors, no file larger than
// nothing, no locked memory, no further processes, little stack, little data.
#include "hazard.h"

#include <fcntl.h>
#include <sys/resource.h>

__attribute__((noinline)) static int work(int x) {
  char text[64];
  for (int i = 0; i < 1000; ++i) x += snprintf(text, sizeof text, "%d", x);
  return x;
}

static void with(const char* name, int resource, rlim_t limit, int (*body)(void)) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    struct rlimit both;
    getrlimit(resource, &both);
    both.rlim_cur = limit;
    // Behind a hard limit on descriptors that are all in use, a program runs untraced.
    if (resource != RLIMIT_NOFILE) both.rlim_max = limit;
    if (setrlimit(resource, &both) != 0) _exit(98);
    _exit(body());
  }
  const int status = wait_for(child);
  printf("%s: %d\n", name, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

static int program(void) {
  work(3);
  execl("/bin/sh", "sh", "-c", "x=1; while [ $x -lt 200 ]; do x=$((x+1)); done; exit 3", NULL);
  return errno;
}
static int fork_again(void) {
  const pid_t child = fork();
  if (child == 0) _exit(work(3) == work(3) ? 4 : 5);
  return child < 0 ? errno : WEXITSTATUS(wait_for(child));
}
static int no_more_files(void) {
  const int fd = open("/dev/null", O_RDONLY);
  return fd < 0 ? errno : fd;
}
static int write_file(void) {
  signal(SIGXFSZ, SIG_IGN);
  char path[] = "/tmp/hazard_limit_XXXXXX";
  const int fd = mkstemp(path);
  unlink(path);
  const ssize_t written = write(fd, "x", 1);
  return written == 1 ? 1 : errno;
}
static int deep(int depth) {
  volatile char room[1000];
  room[0] = (char)depth;
  return depth == 0 ? 0 : deep(depth - 1) + (room[0] != (char)depth);
}
static int use_stack(void) {
  return deep(100);
}
static int overflow_stack(void) {
  return deep(100000);
}
static int allocate(void) {
  return malloc(64 << 20) == NULL ? 1 : 0;
}
int main(void) {
  with("no descriptors", RLIMIT_NOFILE, 3, no_more_files);
  with("no descriptors, program", RLIMIT_NOFILE, 4, program);
  with("no file size", RLIMIT_FSIZE, 0, write_file);
  with("no file size, program", RLIMIT_FSIZE, 0, program);
  with("no locked memory", RLIMIT_MEMLOCK, 0, program);
  with("little stack", RLIMIT_STACK, 256 << 10, use_stack);
  with("stack overflow", RLIMIT_STACK, 256 << 10, overflow_stack);
  with("little stack, program", RLIMIT_STACK, 256 << 10, program);
  with("all stack, program", RLIMIT_STACK, RLIM_INFINITY, program);
  with("little data", RLIMIT_DATA, 16 << 20, allocate);
  with("little data, program", RLIMIT_DATA, 16 << 20, program);
  with("no core", RLIMIT_CORE, 0, program);
  if (setgid(65534) != 0 || setuid(65534) != 0) return 1;
  with("no processes", RLIMIT_NPROC, 0, fork_again);
  with("no processes, program", RLIMIT_NPROC, 0, program);
  return 0;
}
