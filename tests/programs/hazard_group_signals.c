// hazard: 4.6 6.23
// Hazard: signals for the whole process group, sent by the program and by its child: each process
// of the program gets each once, and nobody else who happens to be in the group is hurt by them.
#include "hazard.h"

static const int kSignals[] = {SIGHUP,  SIGINT,  SIGQUIT,   SIGUSR1, SIGUSR2, SIGTERM,
                               SIGALRM, SIGPROF, SIGVTALRM, SIGIO,   SIGPIPE};
enum { kCount = sizeof kSignals / sizeof *kSignals };

static volatile int counts[65];

static void count(int signal) {
  ++counts[signal];
}

static void pause_for(int microseconds) {
  struct timespec time = {0, microseconds * 1000};
  while (nanosleep(&time, &time) != 0) {
  }
}

static void print_counts(const char* who) {
  printf("%s:", who);
  for (int i = 0; i < kCount; ++i) printf(" %d", counts[kSignals[i]]);
  puts("");
  fflush(stdout);
}

int main(void) {
  for (int i = 0; i < kCount; ++i) handle(kSignals[i], count, SA_RESTART);
  for (int i = 0; i < kCount; ++i) {
    kill(0, kSignals[i]);
    pause_for(2000);
  }
  print_counts("alone");
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < kCount; ++i) {
      kill(0, kSignals[i]);
      pause_for(2000);
    }
    print_counts("child");
    _exit(0);
  }
  wait_for(child);
  print_counts("parent");
  return 5;
}
