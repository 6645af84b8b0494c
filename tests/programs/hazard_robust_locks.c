// build: -pthread
// hazard: 3.9 3.8
// Hazard: robust and priority-inheriting locks whose owners die: the kernel walks lists in the
// program's memory as the thread ends, and marks what it finds.
#include "hazard.h"

static pthread_mutex_t* make(int robust, int protocol, int shared) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if (robust) pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutexattr_setprotocol(&attributes, protocol);
  pthread_mutexattr_setpshared(&attributes,
                               shared ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE);
  pthread_mutex_t* mutex =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutex_init(mutex, &attributes);
  return mutex;
}

static void* lock_and_leave(void* mutex) {
  pthread_mutex_lock(mutex);
  return NULL;
}

static int counter;
static void* count_up(void* mutex) {
  for (int i = 0; i < 2000; ++i) {
    pthread_mutex_lock(mutex);
    ++counter;
    pthread_mutex_unlock(mutex);
  }
  return NULL;
}

static void cleanup(void* text) {
  printf("%s\n", (const char*)text);
}
static volatile int waits;
static void* wait_to_be_cancelled(void* asynchronous) {
  pthread_setcanceltype(asynchronous ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED, NULL);
  pthread_cleanup_push(cleanup, "cleaned up");
  waits = 1;
  volatile unsigned i = 1;
  while (i != 0) {
    i |= 1;
    if (!asynchronous) pause();
  }
  pthread_cleanup_pop(0);
  return NULL;
}

int main(void) {
  for (int protocol = PTHREAD_PRIO_NONE; protocol <= PTHREAD_PRIO_INHERIT; ++protocol) {
    pthread_mutex_t* mutex = make(1, protocol, 1);
    pthread_t thread;
    pthread_create(&thread, NULL, lock_and_leave, mutex);
    pthread_join(thread, NULL);
    printf("after a thread: %d", pthread_mutex_lock(mutex));
    printf(" %d", pthread_mutex_consistent(mutex));
    printf(" %d\n", pthread_mutex_unlock(mutex));
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      pthread_mutex_lock(mutex);
      kill(getpid(), SIGKILL);
    }
    wait_for(child);
    printf("after a process: %d", pthread_mutex_lock(mutex));
    printf(" %d", pthread_mutex_consistent(mutex));
    printf(" %d\n", pthread_mutex_unlock(mutex));

    mutex = make(0, protocol, 0);
    pthread_t threads[4];
    counter = 0;
    for (int i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, count_up, mutex);
    for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
    printf("counted %d\n", counter);
  }
  for (long asynchronous = 0; asynchronous < 2; ++asynchronous) {
    pthread_t thread;
    void* result = NULL;
    waits = 0;
    pthread_create(&thread, NULL, wait_to_be_cancelled, (void*)asynchronous);
    while (!waits) sched_yield();
    pthread_cancel(thread);
    pthread_join(thread, &result);
    printf("cancelled: %d\n", result == PTHREAD_CANCELED);
  }
  return 0;
}
