// build: -pthread
// modes: no-ticks (counts what interrupts poll and nanosleep)
// hazard: 4.6
// Hazard: blocked or ignored SIGSEGV that comes during read, poll and nanosleep interrupts nothing;
// a thread that waits for it in sigwaitinfo or signalfd gets it; a new image inherits it pending.
#include <poll.h>
#include <sys/signalfd.h>

#include "hazard.h"

static pid_t start_sender(int microseconds, int signal, int fd) {
  const pid_t child = fork();
  if (child != 0) return child;
  usleep((useconds_t)microseconds);
  kill(getppid(), signal);
  usleep(20000);
  if (write(fd, "x", 1) != 1) _exit(1);
  _exit(0);
}

static void* wait_for_it(void* set) {
  siginfo_t info;
  const int signal = sigwaitinfo(set, &info);
  printf("sigwaitinfo %d code %d\n", signal, info.si_code);
  return NULL;
}

int main(int count, char** arguments) {
  sigset_t set, pending;
  sigemptyset(&set);
  sigaddset(&set, SIGSEGV);
  if (count > 1) {
    sigpending(&pending);
    printf("%s: pending %d\n", arguments[1], sigismember(&pending, SIGSEGV));
    return 0;
  }
  int ends[2];
  char byte;
  if (pipe(ends) != 0) return 1;
  for (int ignored = 0; ignored < 2; ++ignored) {
    signal(SIGSEGV, ignored ? SIG_IGN : SIG_DFL);
    sigprocmask(ignored ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
    pid_t child = start_sender(20000, SIGSEGV, ends[1]);
    printf("read %zd\n", read(ends[0], &byte, 1));
    wait_for(child);
    child = start_sender(20000, SIGSEGV, ends[1]);
    struct pollfd poll_fd = {.fd = ends[0], .events = POLLIN};
    printf("poll %d\n", poll(&poll_fd, 1, 10000));
    printf("read %zd\n", read(ends[0], &byte, 1));
    wait_for(child);
    child = start_sender(20000, SIGSEGV, ends[1]);
    const struct timespec time = {0, 60000000};
    printf("nanosleep %d\n", nanosleep(&time, NULL));
    wait_for(child);
    printf("read %zd\n", read(ends[0], &byte, 1));
    sigpending(&pending);
    printf("pending %d\n", sigismember(&pending, SIGSEGV));
    const struct timespec now = {0, 0};
    sigtimedwait(&set, NULL, &now);
  }
  signal(SIGSEGV, SIG_DFL);
  sigprocmask(SIG_BLOCK, &set, NULL);
  pthread_t thread;
  pthread_create(&thread, NULL, wait_for_it, &set);
  usleep(20000);
  kill(getpid(), SIGSEGV);
  pthread_join(thread, NULL);

  const int fd = signalfd(-1, &set, 0);
  const pid_t child = start_sender(20000, SIGSEGV, ends[1]);
  struct signalfd_siginfo info;
  printf("signalfd %zd: %u from child %d\n", read(fd, &info, sizeof info), info.ssi_signo,
         (pid_t)info.ssi_pid == child);
  wait_for(child);
  fflush(stdout);
  kill(getpid(), SIGSEGV);
  execl("/proc/self/exe", "again", "inherited", NULL);
  return 1;
}
