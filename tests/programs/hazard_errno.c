// build: -pthread -fno-builtin
// hazard: 6.19
// Hazard: libc's state is the program's own. errno is what the last call left, in every thread,
// with handlers that interrupt; malloc is interrupted in the middle and called by threads
// meanwhile; a program's own malloc is called as often as natively, which no agent within it adds
// to.
#include "hazard.h"

static volatile int ticks;

static void tick(int signal) {
  (void)signal;
  const int saved = errno;
  ++ticks;
  errno = 4242;
  if (write(-1, "", 1) == 0) abort();
  errno = saved;
}

static long allocations;

void* calloc(size_t count, size_t size) {
  extern void* __libc_calloc(size_t, size_t);
  __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
  return __libc_calloc(count, size);
}

static void* churn(void* number) {
  const int own = (int)(long)number;
  int wrong = 0;
  void* blocks[32] = {0};
  for (int i = 0; i < 4000; ++i) {
    errno = own;
    free(blocks[i % 32]);
    blocks[i % 32] = calloc(1, (size_t)(i * 37 % 5000));
    getpid();
    wrong += errno != own;
    wrong += close(-1) != -1 || errno != EBADF;
  }
  for (int i = 0; i < 32; ++i) free(blocks[i]);
  return (void*)(long)wrong;
}

int main(void) {
  handle(SIGALRM, tick, SA_RESTART);
  const long before = allocations;
  start_timer(300);
  for (int i = 0; i < 3; ++i) {
    printf("wrong %ld\n", (long)churn((void*)(77L + i)));
  }
  while (ticks < 20) churn((void*)99L);
  start_timer(0);
  allocations = before;
  const long wrong_calls = (long)churn((void*)5L);
  printf("wrong %ld, allocations %ld\n", wrong_calls, allocations - before);
  pthread_t threads[4];
  for (long i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, churn, (void*)(100 + i));
  for (int i = 0; i < 4; ++i) {
    void* wrong;
    pthread_join(threads[i], &wrong);
    printf("wrong %ld\n", (long)wrong);
  }
  return 0;
}
