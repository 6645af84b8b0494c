// Hazard: other code at the same address: unmapped and mapped again, mapped over, made
// unexecutable, a library closed and another one opened where it was.
// build: -ldl
// hazard: 5.6
#include "hazard_code.h"

#include <dlfcn.h>

static void map_function(char* at, int value) {
  mmap(at, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  put_function(at, value);
  mprotect(at, kPage, PROT_READ | PROT_EXEC);
}

static double cosine_of_0(void) {
  void* library = dlopen("libm.so.6", RTLD_LAZY);
  double (*cosine)(double) = (double (*)(double))dlsym(library, "cos");
  const double result = cosine(0);
  dlclose(library);
  return result;
}

static int thread_db_says(void) {
  void* library = dlopen("libthread_db.so.1", RTLD_LAZY);
  int (*init)(void) = (int (*)(void))dlsym(library, "td_init");
  const int result = init();
  dlclose(library);
  return result;
}

int main(void) {
  char* page = map_pages(1, PROT_NONE);
  int sum = 0;
  for (int i = 0; i < 200; ++i) {
    if (i % 2 != 0) munmap(page, kPage);
    map_function(page, i);
    sum += call(page);
  }
  printf("%d", sum);
  mmap(page, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  printf(" %d", try_call(page));
  map_function(page, 5);
  printf(" %d", call(page));
  mprotect(page, kPage, PROT_NONE);
  printf(" %d", try_call(page));
  mprotect(page, kPage, PROT_EXEC);
  printf(" %d", try_call(page));
  munmap(page, kPage);
  printf(" %d\n", try_call(page));

  double cosines = 0;
  int says = 0;
  for (int i = 0; i < 100; ++i) {
    cosines += cosine_of_0();
    says += thread_db_says();
  }
  printf("%g %d\n", cosines, says);
  return 0;
}
