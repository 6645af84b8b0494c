// modes: no-ticks (children are left with default actions only)
// hazard: 4.6
// Hazard: what each of the 64 signals does by default, and ignored, and blocked, and after a
// handler was there and went, raised by the process itself, while it computes, and while it waits.
#include <sys/resource.h>

#include "hazard.h"

static volatile int spinning;

static void nothing(int signal) {
  (void)signal;
}

static void prepare(int signal, int way) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  struct sigaction reset = {.sa_handler = nothing, .sa_flags = (int)SA_RESETHAND};
  switch (way) {
    case 1:
      handle(signal, SIG_IGN, 0);
      break;
    case 2:
      sigprocmask(SIG_BLOCK, &set, NULL);
      break;
    case 3:
      handle(signal, nothing, 0);
      handle(signal, SIG_DFL, 0);
      break;
    case 4:
      sigaction(signal, &reset, NULL);
      raise(signal);
      break;
  }
}

// By itself, while it computes, while it waits.
static void live(int manner, int signal, int ready) {
  const char byte = 'r';
  if (write(ready, &byte, 1) != 1) _exit(1);
  if (manner == 0) {
    raise(signal);
  } else if (manner == 1) {
    const struct timespec until = {0, 20000000};
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
      for (volatile int i = 0; i < 1000; ++i) spinning = i;
      clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000000000 + now.tv_nsec - start.tv_nsec <
             until.tv_nsec);
  } else {
    usleep(20000);
  }
  _exit(42);
}

static void attempt(int signal, int way, int manner) {
  int ready[2];
  char byte;
  if (pipe(ready) != 0) _exit(1);
  const pid_t child = fork();
  if (child == 0) {
    prepare(signal, way);
    live(manner, signal, ready[1]);
  }
  if (read(ready[0], &byte, 1) == 1 && manner != 0) kill(child, signal);
  close(ready[0]);
  close(ready[1]);
  int status = 0;
  waitpid(child, &status, WUNTRACED);
  if (WIFSTOPPED(status)) {
    printf(" stopped by %d,", WSTOPSIG(status));
    kill(child, SIGCONT);
    status = wait_for(child);
  }
  if (WIFSIGNALED(status))
    printf(" killed by %d", WTERMSIG(status));
  else
    printf(" exited %d", WEXITSTATUS(status));
}

int main(void) {
  const struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  setpgid(0, 0);
  for (int signal = 1; signal <= 64; ++signal) {
    if (signal > SIGSYS && signal < 62 && signal != 34 && signal != 40) continue;
    printf("signal %d:", signal);
    for (int way = 0; way < 5; ++way) {
      if ((signal == SIGKILL || signal == SIGSTOP) && way != 0) continue;
      attempt(signal, way, (signal + way) % 3);
    }
    puts("");
    fflush(stdout);
  }
  return 0;
}
