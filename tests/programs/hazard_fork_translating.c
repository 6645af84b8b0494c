// build: -pthread
// modes: heavy (translates without a pause while it forks)
// hazard: 3.5 5.7
// Hazard: fork while other threads run code that nobody has run before, so that the child is born
// while a tracer is at work on it. Each child runs new code and old code itself, starts a thread,
// and forks once more.
#include "hazard_code.h"

enum { kWorkers = 3, kFunctions = kPage / 16, kChildren = 30 };

static volatile int over;

// A page of new functions, each called once: how many gave something wrong.
static int run_new_code(int seed) {
  char* page = map_pages(1, PROT_READ | PROT_WRITE);
  for (int i = 0; i < kFunctions; ++i) put_function(page + 16 * i, seed + i);
  mprotect(page, kPage, PROT_READ | PROT_EXEC);
  int wrong = 0;
  for (int i = 0; i < kFunctions; ++i) wrong += call(page + 16 * i) != seed + i;
  munmap(page, kPage);
  return wrong;
}

static void* work(void* argument) {
  long wrong = 0;
  for (int round = (int)(intptr_t)argument; !over; round += 1000) wrong += run_new_code(round);
  return (void*)wrong;
}

static void* work_once(void* argument) {
  return (void*)(intptr_t)run_new_code((int)(intptr_t)argument);
}

static int be_child(int number) {
  int wrong = run_new_code(number << 12);
  const pid_t grandchild = fork();
  if (grandchild == 0) _exit(run_new_code(number << 13) != 0);
  pthread_t thread;
  void* result = NULL;
  pthread_create(&thread, NULL, work_once, (void*)(intptr_t)(number << 14));
  pthread_join(thread, &result);
  return wrong + (int)(intptr_t)result + (wait_for(grandchild) != 0);
}

int main(void) {
  pthread_t workers[kWorkers];
  for (int i = 0; i < kWorkers; ++i) {
    pthread_create(&workers[i], NULL, work, (void*)(intptr_t)(i + 1));
  }
  int bad = 0;
  for (int i = 0; i < kChildren; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(be_child(i) == 0 ? 7 : 8);
    bad += wait_for(child) != 7 << 8;
  }
  over = 1;
  long wrong = 0;
  for (int i = 0; i < kWorkers; ++i) {
    void* result = NULL;
    pthread_join(workers[i], &result);
    wrong += (long)result;
  }
  printf("%d children went wrong, %ld calls\n", bad, wrong);
  return 0;
}
