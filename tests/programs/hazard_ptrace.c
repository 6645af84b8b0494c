// modes: no-ticks (each tick stops the child for its tracer)
// hazard: 3.13
// Hazard: the place of a tracer is free. A child asks to be traced, once; its parent reads and
// changes its memory, lets it go on, is told of its signals, and lets it go. Another child is
// seized while it computes. Nobody traces the program itself.
#include "hazard.h"

#include <sys/ptrace.h>

static volatile long word = 1111;

static int tracer_of_self(void) {
  FILE* const status = fopen("/proc/self/status", "r");
  char line[256];
  int tracer = -1;
  while (fgets(line, sizeof line, status)) sscanf(line, "TracerPid: %d", &tracer);
  fclose(status);
  return tracer;
}

static void ask_to_be_traced(void) {
  const pid_t parent = getppid();
  const long first = ptrace(PTRACE_TRACEME, 0, 0, 0);
  const long second = ptrace(PTRACE_TRACEME, 0, 0, 0);
  printf("asked: %ld, again: %ld, traced by the parent %d\n", first, second,
         tracer_of_self() == parent);
  fflush(stdout);
  raise(SIGSTOP);
  raise(SIGUSR1);
  _exit(word == 2222 ? 7 : 8);
}

static void say(const char* what, int status) {
  printf("%s: stopped %d by %s\n", what, WIFSTOPPED(status),
         WIFSTOPPED(status) ? strsignal(WSTOPSIG(status)) : "nothing");
}

int main(void) {
  printf("traced by %d\n", tracer_of_self());
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) ask_to_be_traced();
  say("first", wait_for(child));
  printf("peeked %ld\n", ptrace(PTRACE_PEEKDATA, child, &word, 0));
  ptrace(PTRACE_POKEDATA, child, &word, 2222);
  ptrace(PTRACE_CONT, child, 0, 0);
  say("second", wait_for(child));
  ptrace(PTRACE_CONT, child, 0, 0);  // without the signal
  printf("exit status %d\n", WEXITSTATUS(wait_for(child)));

  child = fork();
  if (child == 0) {
    while (word == 1111) {
    }
    _exit(9);
  }
  printf("seized %ld\n", ptrace(PTRACE_SEIZE, child, 0, 0));
  ptrace(PTRACE_INTERRUPT, child, 0, 0);
  say("interrupted", wait_for(child));
  ptrace(PTRACE_POKEDATA, child, &word, 3333);
  ptrace(PTRACE_DETACH, child, 0, 0);
  printf("exit status %d\n", WEXITSTATUS(wait_for(child)));
  printf("traced by %d\n", tracer_of_self());
  return 0;
}
