// build: -pthread
// hazard: 2.7
// Hazard: the program has its own thread-local storage and its own gs base, in every thread, and
// reads and sets them by arch_prctl, by instructions and by addresses relative to them.
#include <asm/prctl.h>
#include "hazard.h"

static __thread long number = 5;

static void nothing(int signal) {
  (void)signal;
}

static void* check(void* argument) {
  long area[8] = {0}, bad = 0;
  for (long i = 0; i < 300; ++i) {
    unsigned long fs = 0, gs = 0, loaded, own;
    area[2] = (long)argument + i;
    if (syscall(SYS_arch_prctl, ARCH_SET_GS, area) != 0) return (void*)-1;
    number += i;
    if (i % 8 == 0) raise(SIGUSR1);
    __asm__ volatile("mov %%gs:16, %0\nmov %%fs:0, %1" : "=r"(loaded), "=r"(own));
    syscall(SYS_arch_prctl, ARCH_GET_GS, &gs);
    syscall(SYS_arch_prctl, ARCH_GET_FS, &fs);
    bad += loaded != (unsigned long)area[2] || gs != (unsigned long)area || gs != gs_base();
    bad += fs != own || number != 5 + i * (i + 1) / 2;
    __asm__ volatile("wrgsbase %0" ::"r"(area + 1));
    __asm__ volatile("mov %%gs:8, %0" : "=r"(loaded));
    bad += loaded != (unsigned long)area[2];
  }
  return (void*)bad;
}

int main(void) {
  handle(SIGUSR1, nothing, 0);
  pthread_t threads[4];
  for (long i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, check, (void*)(i * 1000));
  for (int i = 0; i < 4; ++i) {
    void* bad;
    pthread_join(threads[i], &bad);
    printf("thread %d: %ld wrong\n", i, (long)bad);
  }
  return 0;
}
