// modes: no-ticks (children are left with default actions only)
// hazard: 4.6
// Hazard: what each of the 64 signals does by default, and ignored, and blocked, and after a
// handler was there and went, raised by the process itself, while it computes, and while it waits.
#include <sys/resource.h>

#include "hazard.h"

static volatile int spinning;
static volatile int* sent;  // shared with the child

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

// By itself, while it computes, while it waits: until the signal has been sent, and then in a
// system call, after which nothing pending is left. So nothing depends on time.
static void live(int manner, int signal, int ready, int go) {
  char byte = 'r';
  if (write(ready, &byte, 1) != 1) _exit(1);
  if (manner == 0) {
    raise(signal);
  } else if (manner == 1) {
    while (!*sent) spinning = signal;
    getppid();
  } else {
    while (read(go, &byte, 1) != 1) {
    }
  }
  _exit(42);
}

static void attempt(int signal, int way, int manner) {
  int ready[2], go[2];
  char byte;
  *sent = 0;
  if (pipe(ready) != 0 || pipe(go) != 0) _exit(1);
  const pid_t child = fork();
  if (child == 0) {
    prepare(signal, way);
    live(manner, signal, ready[1], go[0]);
  }
  if (read(ready[0], &byte, 1) == 1 && manner != 0) kill(child, signal);
  *sent = 1;
  if (write(go[1], &byte, 1) != 1) _exit(1);
  int status = 0;
  waitpid(child, &status, WUNTRACED);
  if (WIFSTOPPED(status)) {
    printf(" stopped by %d,", WSTOPSIG(status));
    kill(child, SIGCONT);
    status = wait_for(child);
  }
  close(ready[0]);
  close(ready[1]);
  close(go[0]);
  close(go[1]);
  if (WIFSIGNALED(status))
    printf(" killed by %d", WTERMSIG(status));
  else
    printf(" exited %d", WEXITSTATUS(status));
}

int main(void) {
  const struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  setpgid(0, 0);
  sent = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
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
