// Hazard: the program forbids itself to gain executable memory (PR_SET_MDWE), and then runs code
// that it has not run before, starts threads, loads libraries, forks.
// hazard: 3.15
// build: -ldl
#include "hazard_code.h"

#include <dlfcn.h>
#include <sys/prctl.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif

static void* in_thread(void* value) {
  return (void*)((long)value * 2);
}

static double call_library(const char* name, const char* symbol, double argument) {
  void* library = dlopen(name, RTLD_LAZY);
  double (*function)(double) = (double (*)(double))dlsym(library, symbol);
  return function(argument);
}

int main(void) {
  printf("%d\n", prctl(PR_SET_MDWE, 1, 0, 0, 0));
  char* page = map_pages(1, PROT_READ | PROT_WRITE);
  printf("%d\n", mprotect(page, kPage, PROT_READ | PROT_EXEC));
  pthread_t thread;
  void* result;
  pthread_create(&thread, NULL, in_thread, (void*)21L);
  pthread_join(thread, &result);
  printf("%ld %g\n", (long)result, call_library("libm.so.6", "cos", 0));
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) _exit((int)call_library("libm.so.6", "sqrt", 49));
  printf("%d\n", WEXITSTATUS(wait_for(child)));
  return 0;
}
