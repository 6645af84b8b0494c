// build: -rdynamic -ldl -Wl,-z,lazy
// run: %
// run: env LD_BIND_NOW=1 %
// hazard: 6.20
// Hazard: what the dynamic linker runs before main and on the way to a function: ifunc resolvers,
// constructors and DT_PREINIT_ARRAY, lazy binding with arguments in vector registers, thread-local
// storage of opened code, destructors at the end.
#include "hazard.h"

#include <dlfcn.h>

static int order[16], steps;

static void pre_initialise(int count, char** arguments, char** environment) {
  (void)environment;
  order[steps++] = count > 0 && arguments[0] != NULL ? 1 : -1;
}
__attribute__((section(".preinit_array"), used)) static void (*pre)(int, char**,
                                                                    char**) = pre_initialise;

__attribute__((constructor(101))) static void early(void) {
  order[steps++] = 2;
}

__attribute__((constructor)) static void late(void) {
  order[steps++] = 3;
}

__attribute__((destructor)) static void at_end(void) {
  puts("destructor");
}

static int one_way(int x) {
  return x + 1;
}

static int (*resolve(void))(int) {
  __builtin_cpu_init();
  return one_way;
}
int resolved(int x) __attribute__((ifunc("resolve")));

static void leaving(void) {
  puts("atexit");
}

int main(void) {
  atexit(leaving);
  for (int i = 0; i < steps; ++i) printf("step %d\n", order[i]);
  printf("ifunc %d\n", resolved(41));
  void* const mathematics = dlopen("libm.so.6", RTLD_LAZY);
  if (!mathematics) return 2;
  double (*const power)(double, double) = (double (*)(double, double))dlsym(mathematics, "pow");
  float (*const cosine)(float) = (float (*)(float))dlsym(mathematics, "cosf");
  // The first call of each is bound with these values in vector registers.
  printf("%g %g %g %.9g\n", power(2, 10), power(1.5, -3), 2.5 * power(3, 3), cosine(1.25f));
  const char* const text = "lazily bound";
  printf("%zu %d %s\n", strcspn(text, "b"), strverscmp("a10", "a9") > 0, strpbrk(text, "y"));
  dlclose(mathematics);
  printf("missing: %d\n", dlopen("/nonexistent/library.so", RTLD_NOW) == NULL);
  return 0;
}
