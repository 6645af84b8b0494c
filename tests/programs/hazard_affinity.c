// build: -pthread
// hazard: 6.18
// Hazard: affinity, priority and limits of processor time are the program's own and are inherited
// as it says; ITIMER_VIRTUAL and ITIMER_PROF come when it has computed, RLIMIT_CPU ends it.
#include "hazard.h"

#include <sched.h>
#include <sys/resource.h>

static volatile int virtual_ticks, profile_ticks;

static void tick(int signal) {
  if (signal == SIGVTALRM) ++virtual_ticks;
  if (signal == SIGPROF) ++profile_ticks;
}

static void* look(void* unused) {
  cpu_set_t set;
  pthread_getaffinity_np(pthread_self(), sizeof set, &set);
  printf("processors %d, on the first %d, nice %d, policy %d\n", CPU_COUNT(&set),
         sched_getcpu() == 0, getpriority(PRIO_PROCESS, 0), sched_getscheduler(0));
  return unused;
}

int main(void) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0 || setpriority(PRIO_PROCESS, 0, 3) != 0) return 2;
  const struct sched_param nothing = {0};
  sched_setscheduler(0, SCHED_BATCH, &nothing);
  pthread_t thread;
  pthread_create(&thread, NULL, look, NULL);
  pthread_join(thread, NULL);
  look(NULL);

  handle(SIGVTALRM, tick, SA_RESTART);
  handle(SIGPROF, tick, SA_RESTART);
  const struct itimerval timer = {{0, 2000}, {0, 2000}};
  setitimer(ITIMER_VIRTUAL, &timer, NULL);
  setitimer(ITIMER_PROF, &timer, NULL);
  while (virtual_ticks < 5 || profile_ticks < 5) {
  }
  puts("both timers of processor time came");
  return 0;
}
