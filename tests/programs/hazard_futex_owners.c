// build: -pthread
// hazard: 3.9
// Hazard: the kernel's pointers into a thread's memory stay the program's own: the list of robust
// mutexes, whose owners die (a thread, a process), the address that is cleared when a thread ends,
// and mutexes that inherit priority.
#include "hazard.h"

#include <linux/futex.h>

static void make_mutex(pthread_mutex_t* mutex, int robust, int shared, int protocol) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if (robust) pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  if (shared) pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setprotocol(&attributes, protocol);
  pthread_mutex_init(mutex, &attributes);
}

static void* lock_and_leave(void* mutex) {
  pthread_mutex_lock(mutex);
  return NULL;
}

static void die_with_it(const char* what, pthread_mutex_t* mutex, int protocol, int process) {
  make_mutex(mutex, 1, 1, protocol);
  if (process) {
    const pid_t child = fork();
    if (child == 0) {
      pthread_mutex_lock(mutex);
      raise(SIGKILL);
    }
    wait_for(child);
  } else {
    pthread_t thread;
    pthread_create(&thread, NULL, lock_and_leave, mutex);
    pthread_join(thread, NULL);
  }
  const int result = pthread_mutex_lock(mutex);
  const int consistent = pthread_mutex_consistent(mutex);
  printf("%s: %s, consistent %d, unlocked %d\n", what, strerror(result), consistent,
         pthread_mutex_unlock(mutex));
}

static pthread_mutex_t inheriting;
static long sum;

static void* add(void* unused) {
  for (int i = 0; i < 3000; ++i) {
    pthread_mutex_lock(&inheriting);
    ++sum;
    pthread_mutex_unlock(&inheriting);
  }
  return unused;
}

int main(void) {
  pthread_mutex_t* const mutex =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int process = 0; process < 2; ++process) {
    die_with_it(process ? "process" : "thread", mutex, PTHREAD_PRIO_NONE, process);
    die_with_it(process ? "inheriting process" : "inheriting thread", mutex, PTHREAD_PRIO_INHERIT,
                process);
  }
  make_mutex(&inheriting, 0, 0, PTHREAD_PRIO_INHERIT);
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, add, NULL);
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  printf("sum %ld\n", sum);

  struct robust_list_head* head = NULL;
  size_t length = 0;
  syscall(SYS_get_robust_list, 0, &head, &length);
  const char* const self = (char*)pthread_self();
  printf("robust list in the thread's own block %d, length %zu\n",
         (char*)head > self && (char*)head < self + 4096, length);
  int cleared;
  printf("set_tid_address gives the thread %d\n",
         syscall(SYS_set_tid_address, &cleared) == syscall(SYS_gettid));
  return 0;
}
