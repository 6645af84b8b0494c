// modes: heavy (threads spin while others change their code)
// Hazard: threads loop in code that another thread unmaps, protects, or replaces. Natively they
// fault there at once, or run the new code.
// hazard: 5.6
#include "hazard_code.h"

static char* page;
static volatile int running;
static __thread sigjmp_buf left;

static void on_fault(int signal, siginfo_t* info, void* context) {
  (void)context;
  const char* at = info->si_addr;
  siglongjmp(left, at >= page && at < page + kPage ? signal : 100);
}

// incl running; 1: jmp 1b  or  1: nop...; loop over a long body
static void put_loop(char* at, int length) {
  const volatile void* here = &running;
  memcpy(at, "\x48\xbe", 2);
  memcpy(at + 2, &here, 8);
  memcpy(at + 10, "\xf0\xff\x06", 3);
  memset(at + 13, 0x90, (size_t)length);
  at[13 + length] = (char)0xe9;
  const int back = -(length + 5);
  memcpy(at + 14 + length, &back, 4);
}

static void* loop(void* unused) {
  (void)unused;
  const int signal = sigsetjmp(left, 1);
  return (void*)(long)(signal != 0 ? -signal : call(page));
}

static void replace(int round) {
  switch (round % 4) {
    case 0:
      munmap(page, kPage);
      break;
    case 1:
      mprotect(page, kPage, PROT_READ | PROT_WRITE);
      break;
    case 2: {  // everywhere: mov $7, %eax; ret would need alignment, so: clc... ret
      char* other = map_pages(1, PROT_READ | PROT_WRITE);
      memset(other, 0xc3, kPage);
      mprotect(other, kPage, PROT_READ | PROT_EXEC);
      mremap(other, kPage, kPage, MREMAP_MAYMOVE | MREMAP_FIXED, page);
      break;
    }
    default:
      mmap(page, kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
      break;
  }
}

int main(void) {
  handle_with_info(SIGSEGV, on_fault, SA_NODEFER);
  int counts[4] = {0};
  for (int round = 0; round < 200; ++round) {
    page = map_pages(1, PROT_READ | PROT_WRITE);
    put_loop(page, round % 3 == 0 ? 0 : round);
    mprotect(page, kPage, PROT_READ | PROT_EXEC);
    running = 0;
    pthread_t threads[3];
    for (int i = 0; i < 3; ++i) pthread_create(&threads[i], NULL, loop, NULL);
    while (running < 3) {
    }
    replace(round);
    for (int i = 0; i < 3; ++i) {
      void* result;
      pthread_join(threads[i], &result);
      if (round % 4 == 2 ? (long)result >= 0 : (long)result == -SIGSEGV) ++counts[round % 4];
    }
    munmap(page, kPage);
  }
  printf("%d %d %d %d\n", counts[0], counts[1], counts[2], counts[3]);
  return 0;
}
