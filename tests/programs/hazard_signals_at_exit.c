// build: -pthread
// hazard: 4.4
// Hazard: signals that come while a thread is on its way out: what was sent before it makes its
// last calls is handled before it is gone, in threads and at the end of processes.
#include "hazard.h"

static __thread volatile int mine;
static volatile int handled, sent;
static volatile int go;

static void count(int signal) {
  (void)signal;
  ++mine;
  __atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}

static void* leave(void* unused) {
  while (!go) {
  }
  getppid();
  return unused;
}

static void* send_until_gone(void* thread) {
  while (go == 0) {
  }
  while (go == 1) kill(*(pid_t*)thread, SIGRTMIN + 1);
  return NULL;
}

int main(void) {
  handle(SIGRTMIN, count, SA_RESTART);
  for (int round = 0; round < 300; ++round) {
    pthread_t thread;
    go = 0;
    pthread_create(&thread, NULL, leave, NULL);
    for (int i = 0; i < round % 5; ++i, ++sent) pthread_kill(thread, SIGRTMIN);
    go = 1;
    pthread_join(thread, NULL);
  }
  printf("handled all %d\n", handled == sent);
  fflush(stdout);

  // A process that ends under fire ends as it says.
  handle(SIGRTMIN + 1, count, SA_RESTART);
  int right = 0;
  for (int round = 0; round < 100; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      pid_t self = getpid();
      pthread_t sender;
      go = 0;
      pthread_create(&sender, NULL, send_until_gone, &self);
      go = 1;
      usleep((useconds_t)round * 10);
      exit(round);
    }
    const int status = wait_for(child);
    right += WIFEXITED(status) && WEXITSTATUS(status) == round;
  }
  printf("%d ends\n", right);
  return 0;
}
