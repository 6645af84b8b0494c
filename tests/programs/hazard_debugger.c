// modes: no-ticks (each tick stops the child for its debugger)
// untraced: what the program debugs itself
// hazard: 3.13
// Hazard: the program is a debugger. Its child asks to be traced and executes this program anew;
// a breakpoint is written into a function of it, and hit; registers are read and changed, the
// instruction is put back and executed in a single step, and the child is let go, to its own end.
#include "hazard.h"

#include <stddef.h>
#include <sys/auxv.h>
#include <sys/ptrace.h>
#include <sys/user.h>

__attribute__((noinline, noclone)) static int breakable(volatile int* value) {
  return *value + 1;
}

// Where something of ours is in a process that runs the same program.
static unsigned long place_in(pid_t pid, unsigned long ours) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/auxv", pid);
  FILE* const file = fopen(path, "r");
  unsigned long entry[2] = {0, 0};
  while (fread(entry, sizeof entry, 1, file) == 1 && entry[0] != AT_ENTRY) continue;
  fclose(file);
  return ours - getauxval(AT_ENTRY) + entry[1];
}

static void say(const char* what, int status) {
  printf("%s: %s\n", what, WIFSTOPPED(status) ? strsignal(WSTOPSIG(status)) : "not stopped");
}

static struct user_regs_struct registers_of(pid_t pid) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, pid, 0, &registers) != 0) perror("PTRACE_GETREGS");
  return registers;
}

static void debug(pid_t child) {
  say("executed", wait_for(child));
  const unsigned long place = place_in(child, (unsigned long)breakable);
  const long original = ptrace(PTRACE_PEEKTEXT, child, place, 0);
  printf("the same code: %d\n", original == *(const long*)breakable);
  ptrace(PTRACE_POKETEXT, child, place, (original & ~0xffL) | 0xcc);
  ptrace(PTRACE_CONT, child, 0, 0);
  say("continued", wait_for(child));

  struct user_regs_struct registers = registers_of(child);
  printf("stopped behind the breakpoint: %d\n", registers.rip == place + 1);
  printf("its argument: %ld\n", ptrace(PTRACE_PEEKDATA, child, registers.rdi, 0) & 0xffffffff);
  ptrace(PTRACE_POKETEXT, child, place, original);
  registers.rip = place;
  ptrace(PTRACE_SETREGS, child, 0, &registers);
  ptrace(PTRACE_SINGLESTEP, child, 0, 0);
  say("stepped", wait_for(child));
  const unsigned long stepped = registers_of(child).rip - place;
  printf("by one instruction: %d\n", stepped > 0 && stepped < 16);
  ptrace(PTRACE_DETACH, child, 0, 0);
  printf("exit status %d\n", WEXITSTATUS(wait_for(child)));
}

int main(int argc, char** argv) {
  if (argc > 1) {
    volatile int value = atoi(argv[1]);
    return breakable(&value);
  }
  setvbuf(stdout, NULL, _IONBF, 0);
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    execl("/proc/self/exe", argv[0], "41", (char*)NULL);
    _exit(1);
  }
  debug(child);
  return 0;
}
