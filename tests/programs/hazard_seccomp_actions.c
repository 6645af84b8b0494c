// hazard: 3.14
// Hazard: a filter that forbids, by each of its actions, calls that a tracer makes for itself or
// makes in the program's place: the program sees the filter's answer, and the tracer lives on.
#include "hazard_seccomp.h"

static int in_child(void (*body)(void)) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(88);
  }
  return wait_for(child);
}

// Everything is killed but what it takes to write and to leave.
static void only_write_and_exit(void) {
  INSTALL(0, NUMBER_IS(SYS_write, SECCOMP_RET_ALLOW), NUMBER_IS(SYS_exit_group, SECCOMP_RET_ALLOW),
          NUMBER_IS(SYS_rt_sigreturn, SECCOMP_RET_ALLOW), OTHERWISE(SECCOMP_RET_KILL_PROCESS));
  say(fresh_code(3) == fresh_code(3) ? "computed\n" : "differs\n");
  _exit(4);
}
static void killed(void) {
  INSTALL(0, NUMBER_IS(SYS_mmap, SECCOMP_RET_KILL_PROCESS), OTHERWISE(SECCOMP_RET_ALLOW));
  mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void killed_for_a_handler(void) {
  INSTALL(0, NUMBER_IS(SYS_rt_sigaction, SECCOMP_RET_KILL_PROCESS), OTHERWISE(SECCOMP_RET_ALLOW));
  signal(SIGUSR1, SIG_IGN);
}
static void killed_at_the_end(void) {
  INSTALL(0, NUMBER_IS(SYS_exit_group, SECCOMP_RET_KILL_PROCESS), OTHERWISE(SECCOMP_RET_ALLOW));
  _exit(1);
}
static void refused(void) {
  INSTALL(0, NUMBER_IS(SYS_mmap, FAIL_WITH(EXFULL)), NUMBER_IS(SYS_mprotect, FAIL_WITH(EBADE)),
          NUMBER_IS(SYS_munmap, FAIL_WITH(EXDEV)), NUMBER_IS(SYS_rt_sigaction, FAIL_WITH(ENODEV)),
          NUMBER_IS(SYS_rt_sigprocmask, FAIL_WITH(ENOTDIR)),
          NUMBER_IS(SYS_sigaltstack, FAIL_WITH(EISDIR)), NUMBER_IS(SYS_clone, FAIL_WITH(ENFILE)),
          NUMBER_IS(SYS_clone3, FAIL_WITH(ENOSYS)), NUMBER_IS(SYS_fork, FAIL_WITH(EMFILE)),
          NUMBER_IS(SYS_vfork, FAIL_WITH(ENOTTY)), NUMBER_IS(SYS_execve, FAIL_WITH(EFBIG)),
          NUMBER_IS(SYS_futex, FAIL_WITH(ENOSPC)), NUMBER_IS(SYS_gettid, FAIL_WITH(ESPIPE)),
          NUMBER_IS(SYS_madvise, FAIL_WITH(EROFS)), NUMBER_IS(SYS_mremap, FAIL_WITH(EMLINK)),
          NUMBER_IS(SYS_seccomp, FAIL_WITH(EPIPE)), OTHERWISE(SECCOMP_RET_ALLOW));
  const int pages = PROT_READ | PROT_EXEC;
  printf("mmap %d", mmap(NULL, 4096, pages, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
  printf(" %d\n", errno);
  printf("mprotect %d", mprotect((void*)0x10000, 4096, pages));
  printf(" %d\n", errno);
  printf("munmap %d", munmap((void*)0x10000, 4096));
  printf(" %d\n", errno);
  struct sigaction action;
  printf("sigaction %d", sigaction(SIGUSR1, NULL, &action));
  printf(" %d\n", errno);
  printf("signal %d", signal(SIGUSR1, SIG_IGN) == SIG_ERR);
  printf(" %d\n", errno);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR2);
  printf("sigprocmask %d\n", sigprocmask(SIG_BLOCK, &mask, NULL) == 0 ? 0 : errno);
  printf("sigaltstack %d", sigaltstack(NULL, NULL));
  printf(" %d\n", errno);
  printf("fork %ld", syscall(SYS_fork));
  printf(" %d\n", errno);
  printf("vfork %ld", syscall(SYS_vfork));
  printf(" %d\n", errno);
  printf("clone %ld", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  printf(" %d\n", errno);
  printf("execve %d", execl("/bin/true", "true", NULL));
  printf(" %d\n", errno);
  printf("seccomp %d", (int)INSTALL(0, OTHERWISE(SECCOMP_RET_ALLOW)));
  printf(" %d\n", errno);
  printf("fresh %d\n", fresh_code(9) == fresh_code(9));
  fflush(stdout);
  _exit(6);
}
static void only_the_strictest_counts(void) {
  INSTALL(0, NUMBER_IS(SYS_getppid, FAIL_WITH(EBADE)), OTHERWISE(SECCOMP_RET_ALLOW));
  INSTALL(0, NUMBER_IS(SYS_getppid, FAIL_WITH(EXFULL)), NUMBER_IS(SYS_munmap, FAIL_WITH(EXFULL)),
          OTHERWISE(SECCOMP_RET_ALLOW));
  printf("getppid %ld", syscall(SYS_getppid));
  printf(" %d\n", errno);
  printf("munmap %ld", syscall(SYS_munmap, 0, 0));
  printf(" %d\n", errno);
  printf("mode %d\n", prctl(PR_GET_SECCOMP));
  fflush(stdout);
  _exit(7);
}
static void bad_filters(void) {
  struct sock_filter code[] = {{0xffff, 0, 0, 0}};
  struct sock_fprog program = {1, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  printf("bad code %ld", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
  printf(" %d\n", errno);
  program.len = 0;
  printf("empty %ld", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
  printf(" %d\n", errno);
  printf("nowhere %ld", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (void*)16));
  printf(" %d\n", errno);
  program = (struct sock_fprog){1, (void*)16};
  printf("nowhere %d", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
  printf(" %d\n", errno);
  program = (struct sock_fprog){5000, code};
  printf("too long %ld", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
  printf(" %d\n", errno);
  printf("bad flags %ld", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0x8000, &program));
  printf(" %d\n", errno);
  printf("bad operation %ld", syscall(SYS_seccomp, 99, 0, NULL));
  printf(" %d\n", errno);
  fflush(stdout);
  _exit(8);
}

int main(void) {
  report_end("only write", in_child(only_write_and_exit));
  report_end("killed", in_child(killed));
  report_end("killed for a handler", in_child(killed_for_a_handler));
  report_end("killed at the end", in_child(killed_at_the_end));
  report_end("refused", in_child(refused));
  report_end("two filters", in_child(only_the_strictest_counts));
  report_end("bad filters", in_child(bad_filters));
  return 0;
}
