// modes: heavy (thousands of processes)
// build: -pthread
// hazard: 3.5
// Hazard: fork while another thread is within sigaction, so that the child is born with whatever
// lock that thread holds; the child then calls sigaction itself and must not wait for ever.
#include "hazard.h"

static volatile int over;

static void nothing(int signal) {
  (void)signal;
}

static void* change_actions(void* unused) {
  while (!over) handle(SIGUSR1, nothing, 0);
  return unused;
}

int main(void) {
  pthread_t changer;
  pthread_create(&changer, NULL, change_actions, NULL);
  int bad = 0;
  for (int i = 0; i < 300; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      handle(SIGUSR2, nothing, 0);
      _exit(3);
    }
    bad += wait_for(child) != 3 << 8;
  }
  over = 1;
  pthread_join(changer, NULL);
  printf("%d children went wrong\n", bad);
  return bad != 0;
}
