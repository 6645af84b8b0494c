// build: -pthread
// modes: no-trust (the pages are writable when their code is believed)
// hazard: 5.6 5.9 3.12
// Hazard: one thread reads pages of code as data, runs them, takes their sum and unmaps them, or
// lets their contents go, while others run elsewhere, in code that stands right beside what
// vanishes. What is mapped at the same place afterwards is other code.
#include "hazard_code.h"

enum { kRounds = 150, kWorkers = 2, kReadPages = 4 };

static char* pages;  // those that vanish; code that stays stands before and behind
static volatile int over;

static unsigned long sum_of(const unsigned char* at, unsigned long bytes) {
  unsigned long sum = 5381;
  while (bytes-- > 0) sum = sum * 33 + *at++;
  return sum;
}

static void* stay(void* argument) {
  const int which = (int)(intptr_t)argument;
  char* mine = which == 0 ? pages - kPage : pages + kReadPages * kPage;
  long wrong = 0;
  while (!over) {
    for (int at = 0; at < kPage; at += 512) wrong += call(mine + at) != at + which;
  }
  return (void*)wrong;
}

static void fill(char* at, int protection, int round) {
  mmap(at, kReadPages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
       0);
  memset(at, 0xcc, kReadPages * kPage);
  for (int i = 0; i < kReadPages; ++i) {
    put_function(at + i * kPage, round * 10 + i);
    put_function(at + i * kPage + kPage - 6, round * 10 + i + 5);
  }
  mprotect(at, kReadPages * kPage, protection);
}

// An address of the hole is asked for by nobody else: its owner keeps it reserved.
static void vanish(int round) {
  switch (round % 4) {
    case 0:
      munmap(pages, kReadPages * kPage);
      break;
    case 1:
      munmap(pages + kPage, kPage);
      munmap(pages, kPage);
      munmap(pages + 2 * kPage, 2 * kPage);
      break;
    case 2:
      madvise(pages, kReadPages * kPage, MADV_DONTNEED);  // reads as zeros: add %al, (%rax)
      break;
    default:
      mprotect(pages, kReadPages * kPage, PROT_NONE);
      break;
  }
}

int main(void) {
  char* all = map_pages(kReadPages + 2, PROT_READ | PROT_WRITE);
  pages = all + kPage;
  for (int at = 0; at < kPage; at += 512) {
    put_function(all + at, at);
    put_function(pages + kReadPages * kPage + at, at + 1);
  }
  mprotect(all, kPage, PROT_READ | PROT_EXEC);
  mprotect(pages + kReadPages * kPage, kPage, PROT_READ | PROT_EXEC);
  pthread_t threads[kWorkers];
  for (int i = 0; i < kWorkers; ++i) {
    pthread_create(&threads[i], NULL, stay, (void*)(intptr_t)i);
  }
  unsigned long sum = 0;
  long wrong = 0, faults = 0;
  for (int round = 0; round < kRounds; ++round) {
    fill(pages, PROT_READ | PROT_EXEC | (round % 3 == 0 ? PROT_WRITE : 0), round);
    for (int i = 0; i < kReadPages; ++i) {
      sum += sum_of((unsigned char*)pages + i * kPage, kPage);
      wrong += call(pages + i * kPage) != round * 10 + i;
      wrong += call(pages + i * kPage + kPage - 6) != round * 10 + i + 5;
      sum += sum_of((unsigned char*)pages + i * kPage, kPage);
    }
    vanish(round);
    faults += try_call(pages + round % kReadPages * kPage) == -SIGSEGV;
  }
  over = 1;
  for (int i = 0; i < kWorkers; ++i) {
    void* result = NULL;
    pthread_join(threads[i], &result);
    wrong += (long)result;
  }
  printf("sum %lx, %ld wrong, %ld faults\n", sum, wrong, faults);
  return 0;
}
