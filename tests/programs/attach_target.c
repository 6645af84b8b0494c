// What a debugger attaches to: three threads that compute and a forked child that does, until there
// is a file named "end". All of them check what they compute. The ids of both processes are in the
// file "pids" when the program says that it is ready.
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kThreads = 3 };

static unsigned long compute(unsigned long seed) {
  for (int i = 0; i < 1000; ++i) seed = seed * 6364136223846793005ul + 1442695040888963407ul;
  return seed;
}

static void* work(void* argument) {
  const unsigned long expected = compute((unsigned long)argument);
  unsigned long wrong = 0;
  while (access("end", F_OK) != 0) {
    wrong += compute((unsigned long)argument) != expected;
    usleep(100);
  }
  return (void*)wrong;
}

int main(void) {
  const pid_t child = fork();
  if (child == 0) return work((void*)7) ? 9 : 8;
  FILE* const pids = fopen("pids", "w");
  fprintf(pids, "%d\n%d\n", getpid(), child);
  fclose(pids);
  pthread_t threads[kThreads];
  for (long i = 0; i < kThreads; ++i) pthread_create(&threads[i], NULL, work, (void*)i);
  puts("ready");
  fflush(stdout);
  unsigned long wrong = 0;
  for (int i = 0; i < kThreads; ++i) {
    void* result;
    pthread_join(threads[i], &result);
    wrong += (unsigned long)result;
  }
  int status = 0;
  waitpid(child, &status, 0);
  printf("wrong: %lu, child: %d\n", wrong, WEXITSTATUS(status));
  return 5;
}
