// hazard: 3.14
// Hazard: strict mode forbids everything but read, write, exit and sigreturn, for a tracer inside
// the process too: new code, full buffers and the end must need nothing else.
#include "hazard_seccomp.h"

static int in_child(void (*body)(void)) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    body();
    syscall(SYS_exit, 88);
  }
  return wait_for(child);
}

static void enter(void) {
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) _exit(90);
}

static void compute_and_exit(void) {
  enter();
  say(fresh_code(7) == fresh_code(7) ? "computed\n" : "differs\n");
  char byte = 0;
  syscall(SYS_exit, read(-1, &byte, 1) == -1 ? 5 : 6);
}
static void exit_group_is_forbidden(void) {
  enter();
  _exit(3);
}
static void getpid_is_forbidden(void) {
  enter();
  syscall(SYS_getpid);
}
static void by_seccomp_call(void) {
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL) != -1 || errno != EINVAL) _exit(91);
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL) != 0) _exit(92);
  say("strict\n");
  syscall(SYS_mmap, 0, 4096, 3, 0x22, -1, 0);
}
static void not_behind_a_filter(void) {
  INSTALL(0, OTHERWISE(SECCOMP_RET_ALLOW));
  errno = 0;
  const int result = prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
  syscall(SYS_exit, result == -1 && errno == EINVAL ? 12 : 13);
}
static void on_signal(int signal) {
  (void)signal;
  say("handled\n");
}
static void handler_returns(void) {
  handle(SIGSEGV, on_signal, SA_RESETHAND);
  enter();
  __asm__ volatile("" ::: "memory");
  *(volatile int*)8 = 1;  // again after the handler: the default action kills
}

int main(void) {
  report_end("compute and exit", in_child(compute_and_exit));
  report_end("exit_group", in_child(exit_group_is_forbidden));
  report_end("getpid", in_child(getpid_is_forbidden));
  report_end("seccomp(2)", in_child(by_seccomp_call));
  report_end("behind a filter", in_child(not_behind_a_filter));
  report_end("signal", in_child(handler_returns));
  return 0;
}
