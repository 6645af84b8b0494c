// run: %
// run: % inside
// hazard: 4.5
// Hazard: an alternate stack with SS_AUTODISARM is disabled within its handler and back afterwards,
// whether the handler asks for it at once or only after it has set another.
#include "hazard.h"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

static char first[65536], second[65536];
static int asks_at_once;

static void tell(const char* where) {
  stack_t now;
  sigaltstack(NULL, &now);
  const char* which = now.ss_sp == first ? "first" : now.ss_sp == second ? "second" : "none";
  printf("%s: %s, %zu bytes, flags %x\n", where, which, now.ss_size, (unsigned)now.ss_flags);
}

static void look(int signal) {
  (void)signal;
  char here;
  printf("on the first %d\n", &here > first && &here < first + sizeof first);
  if (asks_at_once) tell("inside");
  const stack_t other = {.ss_sp = second, .ss_size = sizeof second};
  printf("another %d\n", sigaltstack(&other, NULL));
  tell("changed");
}

int main(int argc, char** argv) {
  asks_at_once = argc > 1 && argv[1][0] == 'i';
  const stack_t stack = {.ss_sp = first, .ss_flags = (int)SS_AUTODISARM, .ss_size = sizeof first};
  printf("set %d\n", sigaltstack(&stack, NULL));
  tell("before");
  handle(SIGUSR1, look, SA_ONSTACK);
  raise(SIGUSR1);
  tell("after");
  raise(SIGUSR1);
  return 0;
}
