// hazard: 4.10
// Dies by a signal in the way that its argument names, a few calls deep: for core dumps.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((noinline)) static int die(const char* way, volatile int* nowhere, int zero) {
  if (strcmp(way, "load") == 0) return *nowhere + 1;
  if (strcmp(way, "divide") == 0) return 5 / zero;
  if (strcmp(way, "ud2") == 0) __asm__ volatile("ud2");
  if (strcmp(way, "int3") == 0) __asm__ volatile("int3");
  if (strcmp(way, "abort") == 0) abort();
  if (strcmp(way, "quit") == 0) kill(getpid(), SIGQUIT);
  if (strcmp(way, "segv") == 0) raise(SIGSEGV);
  if (strcmp(way, "jump") == 0) ((void (*)(void))nowhere)();
  if (strcmp(way, "blocked") == 0) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    return *nowhere + 2;
  }
  if (strcmp(way, "ignored") == 0) {
    signal(SIGFPE, SIG_IGN);
    return 7 / zero;
  }
  return zero + 2;
}

__attribute__((noinline)) static int middle(const char* way) {
  const int result = die(way, (volatile int*)16, 0);
  return result + 1;
}

int main(int count, char** arguments) {
  return count < 2 ? 1 : middle(arguments[1]) + 2;
}
