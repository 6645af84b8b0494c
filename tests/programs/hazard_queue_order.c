// hazard: 4.4
// Hazard: 100 queued real-time signals arrive in order, each with its own value, lower numbers
// first, none lost.
#include "hazard.h"

static volatile int count, order[128];

static void note(int signal, siginfo_t* info, void* context) {
  (void)context;
  const int right = info->si_code == SI_QUEUE && info->si_pid == getpid();
  if (count < 128) order[count++] = right ? (signal - SIGRTMIN) * 1000 + info->si_int : -1;
}

int main(void) {
  sigset_t all, before;
  sigfillset(&all);
  struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO, .sa_mask = all};
  for (int i = 0; i < 2; ++i) sigaction(SIGRTMIN + i, &action, NULL);
  sigprocmask(SIG_SETMASK, &all, &before);
  for (int i = 0; i < 100; ++i)
    sigqueue(getpid(), SIGRTMIN + (i & 1), (union sigval){.sival_int = i});
  printf("blocked: %d\n", count);
  sigprocmask(SIG_SETMASK, &before, NULL);
  printf("unblocked: %d\n", count);
  for (int i = 0; i < count; ++i) printf("%d ", order[i]);
  puts("");
  count = 0;
  for (int i = 0; i < 100; ++i) sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i * i});
  for (int i = 0; i < count; ++i) printf("%d ", order[i]);
  printf("\nat once: %d\n", count);
  return 0;
}
