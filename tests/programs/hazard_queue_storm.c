// build: -pthread
// modes: no-ticks (its limit of queued signals is used to the last one)
// modes: no-trust (writes its code anew)
// hazard: 4.4
// Hazard: three threads queue 1000 real-time signals each, with payloads, and all kinds of other
// signals, SIGSEGV and its like among them, to one that runs code which never ran before; each
// payload comes once, each sender's in order; the same by sigwaitinfo and by a signalfd.
#define _GNU_SOURCE
#include <poll.h>
#include <sys/signalfd.h>

#include "hazard.h"

enum { kSenders = 3, kEach = 1000 };

static pthread_t target;
static volatile int next_of[kSenders], out_of_order, others;
static volatile int finished;

static void take(int sender, int value) {
  if (value != next_of[sender]) ++out_of_order;
  ++next_of[sender];
}

static void on_queued(int signal, siginfo_t* info, void* context) {
  (void)context;
  take(signal - SIGRTMIN, info->si_int);
}

static void on_other(int signal) {
  (void)signal;
  ++others;
}

static void* send_all(void* number) {
  const int sender = (int)(long)number;
  static const int more[] = {SIGSEGV, SIGUSR1, SIGBUS, SIGILL, SIGUSR2, SIGFPE, SIGTRAP, SIGHUP};
  for (int i = 0; i < kEach; ++i) {
    const union sigval value = {.sival_int = i};
    while (pthread_sigqueue(target, SIGRTMIN + sender, value) != 0) usleep(100);
    if (i % 4 == 0) pthread_kill(target, more[i / 4 % 8]);
    if (i % 16 == 0) kill(getpid(), more[i / 16 % 8]);
  }
  __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
  return NULL;
}

static unsigned run_fresh_code(unsigned char* code, unsigned round) {
  unsigned sum = 0;
  for (unsigned i = 0; i < 256; ++i) {
    const unsigned value = round * 256 + i;
    unsigned char* at = code + value % 8192 * 8;
    at[0] = 0xb8;
    memcpy(at + 1, &value, 4);
    at[5] = 0xc3;
    sum += ((unsigned (*)(void))at)() == value;
  }
  return sum;
}

static void start(pthread_t* threads) {
  finished = 0;
  for (int i = 0; i < kSenders; ++i) next_of[i] = 0;
  for (long i = 0; i < kSenders; ++i) pthread_create(&threads[i], NULL, send_all, (void*)i);
}

static void stop(const char* what, pthread_t* threads) {
  for (int i = 0; i < kSenders; ++i) pthread_join(threads[i], NULL);
  printf("%s: %d %d %d, out of order %d, others %d\n", what, next_of[0], next_of[1], next_of[2],
         out_of_order, others > 0);
  others = 0;
}

int main(void) {
  target = pthread_self();
  const int more[] = {SIGSEGV, SIGUSR1, SIGBUS, SIGILL, SIGUSR2, SIGFPE, SIGTRAP, SIGHUP};
  sigset_t queued, before;
  sigfillset(&queued);
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  for (int i = 0; i < 8; ++i) handle(more[i], on_other, SA_RESTART);
  for (int i = 0; i < kSenders; ++i) {
    struct sigaction action = {.sa_sigaction = on_queued, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGRTMIN + i, &action, NULL);
  }
  unsigned char* code =
      mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  pthread_t threads[kSenders];
  start(threads);
  unsigned wrong = 0;
  for (unsigned round = 0; finished < kSenders; ++round)
    wrong += run_fresh_code(code, round) != 256;
  stop("handlers", threads);
  printf("wrong code %u\n", wrong);

  sigemptyset(&queued);
  for (int i = 0; i < kSenders; ++i) sigaddset(&queued, SIGRTMIN + i);
  pthread_sigmask(SIG_BLOCK, &queued, NULL);
  start(threads);
  const struct timespec soon = {0, 50000000};
  siginfo_t info;
  while (next_of[0] + next_of[1] + next_of[2] < kSenders * kEach) {
    if (sigtimedwait(&queued, &info, &soon) > 0) take(info.si_signo - SIGRTMIN, info.si_int);
  }
  stop("sigwaitinfo", threads);

  const int fd = signalfd(-1, &queued, 0);
  start(threads);
  struct signalfd_siginfo read_info;
  while (next_of[0] + next_of[1] + next_of[2] < kSenders * kEach) {
    if (read(fd, &read_info, sizeof read_info) == sizeof read_info)
      take((int)read_info.ssi_signo - SIGRTMIN, read_info.ssi_int);
  }
  stop("signalfd", threads);
  return 0;
}
