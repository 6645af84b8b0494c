// build: -pthread
// hazard: 3.7
// Hazard: a thread that is not the main one executes a program while others run.
#include "hazard.h"

static void* spin(void* unused) {
  for (volatile long i = 0; i >= 0; ++i) {
  }
  return unused;
}

static void* execute(void* unused) {
  char* arguments[] = {"sh", "-c", "echo from a thread; exit 4", NULL};
  execv("/bin/sh", arguments);
  return unused;
}

int main(void) {
  pthread_t thread;
  for (int i = 0; i < 3; ++i) pthread_create(&thread, NULL, spin, NULL);
  pthread_create(&thread, NULL, execute, NULL);
  for (;;) pause();
}
