// Hazard: a thread waits, within one run of instructions, for another to change the code behind the
// wait: by a flag and a serialising instruction, by a flag alone, by a system call. Natively the
// new code runs every time.
// hazard: 5.2
// modes: heavy (threads spin while others change their code)
// modes: no-trust (code is changed after it was believed)
#include "hazard_code.h"

static volatile int go_ahead, arrived;

static unsigned char* emit(unsigned char* at, const void* bytes, size_t count) {
  memcpy(at, bytes, count);
  return at + count;
}

// incl arrived; then waits with 40 pauses a round:
//   1: pause...; mov go_ahead, %eax; test; je 1b; [cpuid]; mov $0, %eax; ret
static unsigned char* emit_wait(unsigned char* at, int serialise, int backward) {
  const volatile void *flag = &go_ahead, *here = &arrived;
  at = emit(at, "\x53\x48\xbe", 3);  // push %rbx; mov $here, %rsi
  at = emit(at, &here, 8);
  at = emit(at, "\x48\xbf", 2);  // mov $flag, %rdi
  at = emit(at, &flag, 8);
  at = emit(at, "\xff\x06", 2);  // incl (%rsi)
  unsigned char* again = at;
  for (int i = 0; i < 40; ++i) at = emit(at, "\xf3\x90", 2);
  at = emit(at, "\x8b\x07\x85\xc0", 4);  // mov (%rdi), %eax; test %eax, %eax
  if (backward) {
    at = emit(at, "\x0f\x84\0\0\0\0", 6);  // je again
    const int back = (int)(again - at);
    memcpy(at - 4, &back, 4);
  } else {
    at = emit(at, "\x75\x05\xe9\0\0\0\0", 7);  // jne over; jmp again
    const int back = (int)(again - at);
    memcpy(at - 4, &back, 4);
  }
  if (serialise) at = emit(at, "\x31\xc0\x0f\xa2", 4);  // xor %eax, %eax; cpuid
  at = emit(at, "\x5b", 1);                             // pop %rbx
  return at;
}

static void* wait_and_run(void* page) {
  return (void*)(long)call(page);
}

int main(void) {
  unsigned char* page = map_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
  int wrong = 0;
  for (int round = 0; round < 400; ++round) {
    unsigned char* code = emit_wait(page, round % 2, round / 2 % 2);
    put_function(code, 0);
    go_ahead = arrived = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, wait_and_run, page);
    while (!arrived) {
    }
    for (volatile int i = 0; i < round * 7 % 3000; ++i) {
    }
    const int value = round + 1;
    memcpy(code + 1, &value, 4);
    go_ahead = 1;
    void* result;
    pthread_join(thread, &result);
    if ((long)result != value && ++wrong < 10) printf("%d: %ld\n", round, (long)result);
  }
  printf("%d wrong\n", wrong);
  return 0;
}
