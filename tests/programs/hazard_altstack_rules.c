// modes: no-ticks (its alternate stack is too small for any signal in the end)
// hazard: 4.5
// Hazard: what sigaltstack answers and refuses: outside and on the stack, sizes, modes, frames'
// uc_stack, a sigreturn that brings another stack back, and a stack too small for the frame, which
// makes any signal a SIGSEGV.
#include <sys/auxv.h>

#include "hazard.h"

static char stack_a[65536], stack_b[65536];

static void tell(const char* where) {
  stack_t now;
  sigaltstack(NULL, &now);
  const char* which = now.ss_sp == stack_a ? "a" : now.ss_sp == stack_b ? "b" : "none";
  printf("%s: %s %zu bytes flags %x\n", where, which, now.ss_size, (unsigned)now.ss_flags);
}

static void set(const char* what, void* base, size_t bytes, unsigned flags) {
  const stack_t stack = {.ss_sp = base, .ss_size = bytes, .ss_flags = (int)flags};
  errno = 0;
  const int result = sigaltstack(&stack, NULL);
  printf("%s: %d error %d\n", what, result, errno);
  tell("  then");
}

static void on_it(int signal, siginfo_t* info, void* context) {
  (void)info;
  stack_t* saved = &((ucontext_t*)context)->uc_stack;
  char here;
  printf("signal %d on a %d, frame says %s %zu flags %x\n", signal,
         &here > stack_a && &here < stack_a + sizeof stack_a,
         saved->ss_sp == stack_a ? "a" : "other", saved->ss_size, (unsigned)saved->ss_flags);
  tell("inside");
  set("another inside", stack_b, sizeof stack_b, 0);
  set("off inside", NULL, 0, SS_DISABLE);
  if (signal == SIGUSR2) *saved = (stack_t){.ss_sp = stack_b, .ss_size = 30000};
}

static void overflow(int signal) {
  (void)signal;
  puts("never");
}

static void* in_thread(void* unused) {
  tell("thread");
  return unused;
}

int main(void) {
  printf("AT_MINSIGSTKSZ %lu\n", getauxval(AT_MINSIGSTKSZ));
  tell("start");
  set("too small", stack_a, 2047, 0);
  set("bad mode", stack_a, sizeof stack_a, 5);
  set("bad mode with autodisarm", stack_a, sizeof stack_a, 1u << 31 | 3);
  set("mode onstack", stack_a, sizeof stack_a, SS_ONSTACK);
  handle_with_info(SIGUSR1, on_it, SA_ONSTACK);
  handle_with_info(SIGUSR2, on_it, SA_ONSTACK);
  raise(SIGUSR1);
  tell("after");
  raise(SIGUSR2);
  tell("after an edited frame");
  set("a again", stack_a, sizeof stack_a, 0);
  pthread_t thread;
  pthread_create(&thread, NULL, in_thread, NULL);
  pthread_join(thread, NULL);
  handle_with_info(SIGUSR1, on_it, 0);
  raise(SIGUSR1);
  set("off", stack_b, 5, SS_DISABLE);
  set("bad address", stack_a, sizeof stack_a, 0);
  printf("%d\n", sigaltstack((stack_t*)8, NULL));
  set("just enough to set", stack_a + 8192, 2048, 0);
  fflush(stdout);
  handle(SIGUSR1, overflow, SA_ONSTACK);
  raise(SIGUSR1);
  return 1;
}
