// modes: no-ticks (a tick that finds no room for its siginfo does not tell who sent it)
// hazard: 4.6
// Hazard: fault signals that somebody sends wait, blocked, with what was sent with them, while the
// program lowers RLIMIT_SIGPENDING to nothing: it is there all the same when they are waited for,
// or delivered.
#include "hazard.h"

#include <sys/resource.h>

static void show(const char* what, int signal, const siginfo_t* info) {
  printf("%s: signal %d code %d mine %d value %d\n", what, signal, info->si_code,
         info->si_pid == getpid(), info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
}

static void on_signal(int signal, siginfo_t* info, void* context) {
  (void)context;
  show("delivered", signal, info);
}

static void wait_for_one(sigset_t* set) {
  const struct timespec at_once = {0, 0};
  siginfo_t info;
  const int signal = sigtimedwait(set, &info, &at_once);
  if (signal > 0) show("waited for", signal, &info);
}

int main(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGSEGV);
  sigaddset(&set, SIGBUS);
  sigaddset(&set, SIGFPE);
  sigprocmask(SIG_BLOCK, &set, NULL);
  handle_with_info(SIGFPE, on_signal, 0);
  const union sigval value = {.sival_int = 77};
  sigqueue(getpid(), SIGSEGV, value);
  pthread_sigqueue(pthread_self(), SIGBUS, value);
  raise(SIGFPE);
  struct rlimit limit;
  getrlimit(RLIMIT_SIGPENDING, &limit);
  limit.rlim_cur = 0;
  setrlimit(RLIMIT_SIGPENDING, &limit);
  sigset_t others = set;
  sigdelset(&others, SIGFPE);
  wait_for_one(&others);
  wait_for_one(&others);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  getrlimit(RLIMIT_SIGPENDING, &limit);
  printf("limit %d\n", (int)limit.rlim_cur);
  return 0;
}
