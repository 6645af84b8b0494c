// build: -pthread
// modes: heavy (each run takes seconds of processor time)
// hazard: 3.17 4.6 6.18
// Hazard: RLIMIT_CPU: SIGXCPU comes at the soft limit and every second from there, by default it
// kills, a handler may raise the limit, and at the hard limit nothing helps. The processor time of
// all threads counts.
#include "hazard.h"

#include <sys/resource.h>

static volatile int told, code;

static void note(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)context;
  ++told;
  code = info->si_code;
}

static void raise_limit(int signal) {
  (void)signal;
  ++told;
  const struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_CPU, &more);
}

static void limit(rlim_t soft, rlim_t hard) {
  const struct rlimit seconds = {soft, hard};
  if (setrlimit(RLIMIT_CPU, &seconds) != 0) _exit(99);
}

// Mostly in one instruction, so that the trace stays short.
static void spin_until(volatile int* end) {
  static _Thread_local char memory[1 << 18];
  while (!*end) {
    void* to = memory;
    unsigned long count = sizeof memory;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(1) : "memory");
  }
}

static void* spin(void* unused) {
  static volatile int never;
  spin_until(&never);
  return unused;
}

static void die_by_default(void) {
  limit(1, 5);
  spin(NULL);
}

static void die_at_hard_limit(void) {
  handle_with_info(SIGXCPU, note, SA_RESTART);
  limit(1, 2);
  spin_until(&told);
  printf("told %d, by the kernel %d\n", told, code == SI_KERNEL);
  fflush(stdout);
  spin(NULL);
}

static void go_on(void) {
  handle(SIGXCPU, raise_limit, SA_RESTART);
  limit(1, RLIM_INFINITY);
  spin_until(&told);
  printf("told %d\n", told);
}

static void be_deaf_threads(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  limit(1, 1);
  pthread_t thread[2];
  for (int i = 0; i < 2; ++i) pthread_create(&thread[i], NULL, spin, NULL);
  for (int i = 0; i < 2; ++i) pthread_join(thread[i], NULL);
}

int main(void) {
  static void (*const cases[])(void) = {die_by_default, die_at_hard_limit, go_on, be_deaf_threads};
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; ++i) {
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      const struct rlimit no_core = {0, 0};
      setrlimit(RLIMIT_CORE, &no_core);
      cases[i]();
      exit((int)i + 10);
    }
    const int status = wait_for(child);
    printf("case %u: exit %d signal %d\n", i, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
           WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  }
  return 0;
}
