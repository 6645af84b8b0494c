// Hazard: as JIT compilers do, one thread makes a page writable, changes a function, makes it
// executable again, while others call it in between, many times; under locks, so that every call
// has one right result. Other threads change the protection of pages nearby without a pause.
// hazard: 5.2
#include "hazard_code.h"

static char* pages;
static int values[4];
static pthread_rwlock_t locks[4];
static volatile int over;

static void* patch(void* argument) {
  unsigned seed = (unsigned)(uintptr_t)argument;
  for (int i = 0; i < 1500; ++i) {
    const int which = (int)(rand_r(&seed) % 4);
    char* page = pages + which * kPage;
    pthread_rwlock_wrlock(&locks[which]);
    mprotect(page, kPage, PROT_READ | PROT_WRITE);
    values[which] = rand_r(&seed);
    put_function(page + 16 * (i % 5), values[which]);
    put_function(page, values[which]);
    mprotect(page, kPage, PROT_READ | PROT_EXEC);
    pthread_rwlock_unlock(&locks[which]);
  }
  return NULL;
}

static void* run(void* argument) {
  unsigned seed = (unsigned)(uintptr_t)argument;
  long wrong = 0;
  for (int i = 0; i < 20000; ++i) {
    const int which = (int)(rand_r(&seed) % 4);
    pthread_rwlock_rdlock(&locks[which]);
    wrong += call(pages + which * kPage) != values[which];
    pthread_rwlock_unlock(&locks[which]);
  }
  return (void*)wrong;
}

static void* storm(void* unused) {
  (void)unused;
  char* nearby = pages + 4 * kPage;
  while (!over) {
    mprotect(nearby, 4 * kPage, PROT_READ | PROT_EXEC);
    mprotect(nearby + kPage, kPage, PROT_READ | PROT_WRITE | PROT_EXEC);
    mprotect(nearby, 4 * kPage, PROT_NONE);
  }
  return NULL;
}

int main(void) {
  pages = map_pages(8, PROT_READ | PROT_WRITE);
  for (int i = 0; i < 4; ++i) {
    pthread_rwlock_init(&locks[i], NULL);
    put_function(pages + i * kPage, 0);
    mprotect(pages + i * kPage, kPage, PROT_READ | PROT_EXEC);
  }
  pthread_t threads[5];
  for (int i = 0; i < 5; ++i) {
    pthread_create(&threads[i], NULL, i < 2 ? patch : i < 4 ? run : storm, (void*)(long)(i + 1));
  }
  long wrong = 0;
  for (int i = 0; i < 5; ++i) {
    void* result = NULL;
    over = i == 4;
    pthread_join(threads[i], &result);
    wrong += (long)result;
  }
  printf("%ld wrong\n", wrong);
  return 0;
}
