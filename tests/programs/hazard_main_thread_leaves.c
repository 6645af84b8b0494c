// build: -pthread
// hazard: 3.8
// Hazard: the main thread ends first; another one goes on and ends the process.
#include "hazard.h"

static void* go_on(void* unused) {
  (void)unused;
  usleep(20000);
  puts("worker");
  exit(7);
}

int main(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, go_on, NULL);
  pthread_exit(NULL);
}
