// Hazard: a page is executable only half of the time, while threads call it. Those that come at the
// wrong time fault, and try again. A thread that a tracer sends to fault there may run the code
// instead, out of its sight: then its gs base would be the tracer's.
// hazard: 5.2 5.8
#include "hazard_code.h"

static char* page;
static volatile int over;
static __thread sigjmp_buf failed;

static void on_fault(int signal) {
  siglongjmp(failed, signal);
}

static void* call_often(void* unused) {
  (void)unused;
  long wrong = 0;
  for (int calls = 0; calls < 20000;) {
    if (sigsetjmp(failed, 1) != 0) continue;
    wrong += ((long (*)(void))page)() != 0;
    ++calls;
  }
  return (void*)wrong;
}

static void* flip(void* unused) {
  while (!over) {
    mprotect(page, kPage, PROT_READ | PROT_WRITE);
    page[100] ^= 1;
    mprotect(page, kPage, PROT_READ | PROT_EXEC);
  }
  return unused;
}

int main(void) {
  handle(SIGSEGV, on_fault, SA_NODEFER);
  page = map_pages(1, PROT_READ | PROT_WRITE);
  memcpy(page, "\xf3\x48\x0f\xae\xc8\xc3", 6);  // rdgsbase %rax; ret
  mprotect(page, kPage, PROT_READ | PROT_EXEC);
  pthread_t threads[2], flipper;
  pthread_create(&flipper, NULL, flip, NULL);
  long wrong = 0;
  for (int i = 0; i < 2; ++i) pthread_create(&threads[i], NULL, call_often, NULL);
  for (int i = 0; i < 2; ++i) {
    void* result;
    pthread_join(threads[i], &result);
    wrong += (long)result;
  }
  over = 1;
  pthread_join(flipper, NULL);
  printf("%ld wrong, %ld\n", wrong, gs_base());
  return 0;
}
