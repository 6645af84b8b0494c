// build: -pthread -lrt
// modes: no-ticks (ticks are process-directed signals, too)
// hazard: 4.6
// Hazard: which of many threads gets a signal: sent to the process while all but one block it, to
// one thread, by a timer for one thread (SIGEV_THREAD_ID), by a timer that starts a thread
// (SIGEV_THREAD), by an alarm; none gets more than it should.
#include <semaphore.h>

#include "hazard.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { kThreads = 8 };

static __thread int me;
static volatile int got[kThreads + 1][65];
static sem_t arrived, notified;
static volatile int over;
static pid_t tids[kThreads];
static pthread_t threads[kThreads];
static sem_t ready;

static void note(int signal) {
  ++got[me][signal];
  sem_post(&arrived);
}

static int signal_of(int thread) {
  return SIGRTMIN + thread;
}

static void* wait_for_signals(void* number) {
  me = (int)(long)number;
  sigset_t mask;
  sigfillset(&mask);
  sigdelset(&mask, signal_of(me));
  sigdelset(&mask, SIGUSR2);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  tids[me] = (pid_t)syscall(SYS_gettid);
  sem_post(&ready);
  volatile unsigned long x = 0;
  while (!over) {
    if (me % 2 != 0 || x % 1000 == 0) usleep(500);
    x = x + 1;
  }
  return NULL;
}

static void on_timer(union sigval value) {
  printf("a thread was started for timer %d\n", value.sival_int);
  sem_post(&notified);
}

static void wait_for_it(void) {
  while (sem_wait(&arrived) != 0) {
  }
}

static void expect(const char* what, int thread, int signal) {
  int others = 0;
  for (int i = 0; i <= kThreads; ++i) others += i == thread ? 0 : got[i][signal];
  printf("%s: thread %d got %d, others %d\n", what, thread, got[thread][signal], others);
}

int main(void) {
  me = kThreads;
  sem_init(&arrived, 0, 0);
  sem_init(&notified, 0, 0);
  sem_init(&ready, 0, 0);
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  for (int i = 0; i < kThreads; ++i) {
    handle(signal_of(i), note, SA_RESTART);
    pthread_create(&threads[i], NULL, wait_for_signals, (void*)(long)i);
  }
  handle(SIGUSR2, note, SA_RESTART);
  handle(SIGALRM, note, SA_RESTART);
  for (int i = 0; i < kThreads; ++i) sem_wait(&ready);

  for (int round = 0; round < 20; ++round)
    for (int i = 0; i < kThreads; ++i) {
      sigqueue(getpid(), signal_of(i), (union sigval){.sival_int = round});
      wait_for_it();
    }
  for (int i = 0; i < kThreads; ++i) expect("process", i, signal_of(i));
  for (int i = 0; i < kThreads; ++i) {
    for (int k = 0; k <= i; ++k) {
      pthread_kill(threads[i], SIGUSR2);
      wait_for_it();
    }
    printf("thread %d: %d\n", i, got[i][SIGUSR2]);
  }
  for (int i = 0; i < kThreads; ++i) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal_of(i)};
    event.sigev_notify_thread_id = tids[i];
    const struct itimerspec once = {{0, 0}, {0, 1000000}};
    timer_t timer;
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &once, NULL);
    wait_for_it();
    timer_delete(timer);
    expect("timer", i, signal_of(i));
  }
  struct sigevent event = {
      .sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_timer, .sigev_value.sival_int = 7};
  const struct itimerspec once = {{0, 0}, {0, 1000000}};
  timer_t timer;
  timer_create(CLOCK_MONOTONIC, &event, &timer);
  timer_settime(timer, 0, &once, NULL);
  while (sem_wait(&notified) != 0) {
  }
  sigset_t alarm_only;
  sigemptyset(&alarm_only);
  sigaddset(&alarm_only, SIGALRM);
  pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
  ualarm(1000, 0);
  wait_for_it();
  expect("alarm", kThreads, SIGALRM);
  over = 1;
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  return 0;
}
