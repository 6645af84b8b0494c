// build: -pthread
// run: setarch -R %
// hazard: 6.2
// Hazard: pthread_getattr_np, for the main thread (which libc finds out from /proc/self/maps) and
// for others; each thread's own variable lies within the stack that it is told.
#include "hazard.h"

#include <limits.h>

static void look(const char* who) {
  pthread_attr_t attributes;
  void* stack;
  size_t size, guard;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &stack, &size);
  pthread_attr_getguardsize(&attributes, &guard);
  const char* const here = (char*)&attributes;
  printf("%s: stack %p, size %zx, guard %zx, within it %d\n", who, stack, size, guard,
         here > (char*)stack && here < (char*)stack + size);
  pthread_attr_destroy(&attributes);
}

static void* thread(void* who) {
  look(who);
  return NULL;
}

static void start(const char* who, size_t size, void* stack) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (size && stack) pthread_attr_setstack(&attributes, stack, size);
  if (size && !stack) pthread_attr_setstacksize(&attributes, size);
  pthread_t other;
  pthread_create(&other, &attributes, thread, (void*)who);
  pthread_join(other, NULL);
}

int main(void) {
  static char own[1 << 17] __attribute__((aligned(4096)));
  look("main");
  start("default", 0, NULL);
  start("small", PTHREAD_STACK_MIN, NULL);
  start("own", sizeof own, own);
  look("main again");
  return 0;
}
