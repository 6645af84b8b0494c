// build: -pthread
// hazard: 4.3 4.4
// Hazard: a garbage collector's write barrier: 100,000 faults on protected pages in one thread, and
// in eight threads at the same time, whose handler opens the page (or skips the store) and returns.
#include "hazard.h"

enum { kPages = 64, kRounds = 400, kThreads = 8 };

static __thread volatile unsigned long faults;
static __thread int skips;

static void open_page(int signal, siginfo_t* info, void* context) {
  (void)signal;
  ++faults;
  if (skips) {
    ((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP] += 3;
  } else {
    mprotect((void*)((uintptr_t)info->si_addr & ~4095ul), 4096, PROT_READ | PROT_WRITE);
  }
}

static unsigned long store_all(int rounds) {
  char* pages =
      mmap(NULL, kPages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unsigned long sum = 0;
  for (int round = 0; round < rounds; ++round) {
    mprotect(pages, kPages * 4096, PROT_READ);
    for (int i = 0; i < kPages; ++i) {
      volatile unsigned* cell = (volatile unsigned*)(pages + i * 4096 + round % 1000 * 4);
      *cell += (unsigned)(round + i);
      sum = sum * 31 + *cell;
    }
  }
  munmap(pages, kPages * 4096);
  return sum;
}

static void skip_many(int count) {
  skips = 1;
  for (int i = 0; i < count; ++i) {
    unsigned long rax = 8;
    __asm__ volatile("movb %%al, 5(%%rax)" : "+a"(rax) : : "memory");
    if (rax != 8) _exit(9);
  }
  skips = 0;
}

static void* in_thread(void* result) {
  *(unsigned long*)result = store_all(kRounds / 20);
  skip_many(1000);
  return (void*)faults;
}

int main(void) {
  handle_with_info(SIGSEGV, open_page, 0);
  printf("sum %lx", store_all(kRounds));
  skip_many(74400);
  printf(", %lu faults\n", faults);
  pthread_t threads[kThreads];
  unsigned long sums[kThreads];
  for (int i = 0; i < kThreads; ++i) pthread_create(&threads[i], NULL, in_thread, &sums[i]);
  for (int i = 0; i < kThreads; ++i) {
    void* count;
    pthread_join(threads[i], &count);
    printf("thread %d: sum %lx, %lu faults\n", i, sums[i], (unsigned long)count);
  }
  return 0;
}
