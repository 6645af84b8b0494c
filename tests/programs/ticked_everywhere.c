// build: -pthread
// Ends when each of three threads, a child and its own main thread have been ticked 20 times (see
// tests/tools/ticker.cpp); never otherwise, but for its alarm. Says whether it was born with a
// handler.
#include "hazard.h"

static __thread volatile int ticks;

static void count(int signal) {
  (void)signal;
  ++ticks;
}

static void* wait_for_ticks(void* unused) {
  (void)unused;
  while (ticks < 20) {
  }
  return NULL;
}

int main(void) {
  alarm(2);
  struct sigaction action;
  sigaction(SIGURG, NULL, &action);
  puts(action.sa_flags & SA_SIGINFO ? "a handler" : "no handler");
  fflush(stdout);
  handle(SIGURG, count, SA_RESTART);
  const pid_t child = fork();
  if (child == 0) {
    alarm(2);
    wait_for_ticks(NULL);
    _exit(7);
  }
  pthread_t threads[3];
  for (int i = 0; i < 3; ++i) pthread_create(&threads[i], NULL, wait_for_ticks, NULL);
  for (int i = 0; i < 3; ++i) pthread_join(threads[i], NULL);
  wait_for_ticks(NULL);
  printf("child %d\n", WEXITSTATUS(wait_for(child)));
  return 0;
}
