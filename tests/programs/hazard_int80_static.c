// modes: no-ticks (sleeps and reads that a signal interrupts are counted)
// hazard: 3.2
// Hazard: 64-bit code that makes system calls by int 0x80, with the numbers of 32-bit programs: the
// calls that name memory, signals, processes and threads among them. No register but rax changes.
// build: -no-pie -Wl,-z,norelro
#include "hazard.h"

static long legacy(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long sixth __asm__("r12") = f;
  __asm__ volatile("xchg %1, %%rbp; int $0x80; xchg %1, %%rbp"
                   : "=a"(result), "+r"(sixth)
                   : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                   : "memory");
  return result;
}
#define call0(n) legacy(n, 0, 0, 0, 0, 0, 0)

static volatile int* ticks;
static void on_tick(int signal) {
  (void)signal;
  ++*ticks;
}

static char stack[1 << 16] __attribute__((aligned(16)));
static volatile int seen;
static int pipes[2];
static unsigned old_mmap_arguments[6] = {0, 4096, 7, 0x22, -1u, 0};

static __attribute__((noinline)) int clone_child(long flags, void* top) {
  // The child has the stack above to itself and leaves at once.
  long result;
  __asm__ volatile(
      "int $0x80\n"
      "test %%eax, %%eax\n"
      "jne 1f\n"
      "movl $1, seen(%%rip)\n"
      "mov $1, %%eax\n"
      "mov $9, %%ebx\n"
      "int $0x80\n"
      "1:"
      : "=a"(result)
      : "a"(120), "b"(flags), "c"(top), "d"(0), "S"(0), "D"(0)
      : "memory");
  return (int)result;
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  printf("getpid %d\n", call0(20) == getpid());
  printf("unknown %ld\n", call0(9999));
  __asm__ volatile(
      "mov $0x1111111111111111, %%r8; mov %%r8, %%r9; mov %%r8, %%r10; mov %%r8, %%r11\n"
      "mov %%r8, %%rcx; mov $20, %%eax; std; stc; int $0x80; jnc 1f\n"
      "cmp %%r8, %%rcx; jne 1f; cmp %%r8, %%r9; jne 1f; cmp %%r8, %%r10; jne 1f\n"
      "cmp %%r8, %%r11; jne 1f; cld; jmp 2f; 1: ud2; 2:" ::
          : "rax", "rcx", "r8", "r9", "r10", "r11", "cc", "memory");

  // Memory: code that is mapped, run, changed, unmapped.
  for (int round = 0; round < 3; ++round) {
    const long at = round == 0 ? legacy(192, 0, 8192, 7, 0x22, -1, 0)
                               : legacy(90, (long)old_mmap_arguments, 0, 0, 0, 0, 0);
    unsigned char* code = (unsigned char*)(at & 0xffffffff);
    printf("mmap below 4 GiB %d\n", (unsigned long)at < 0x100000000ul);
    code[0] = 0xb8, code[1] = (unsigned char)round, code[2] = code[3] = code[4] = 0, code[5] = 0xc3;
    printf("code %d\n", ((int (*)(void))(void*)code)());
    printf("mprotect %ld\n", legacy(125, at, 4096, 3, 0, 0, 0));
    code[1] = 77;
    printf("mprotect %ld\n", legacy(125, at, 4096, 5, 0, 0, 0));
    printf("code %d\n", ((int (*)(void))(void*)code)());
    const long moved = legacy(163, at, 4096, 8192, 1, 0, 0);
    printf("mremap %d\n", moved > 0);
    printf("munmap %ld\n", legacy(91, moved, 8192, 0, 0, 0, 0));
  }

  // Processes and threads.
  pid_t child = (pid_t)call0(2);
  if (child == 0) legacy(1, 3, 0, 0, 0, 0, 0);
  printf("fork %x\n", wait_for(child));
  child = clone_child(0x100 | SIGCHLD, stack + sizeof stack);
  const int status = wait_for(child);
  printf("clone %x seen %d\n", status, seen);
  child = (pid_t)call0(2);
  if (child == 0) legacy(252, 4, 0, 0, 0, 0, 0);
  printf("exit_group %x\n", wait_for(child));
  child = (pid_t)call0(2);
  if (child == 0) {
    static char path[] = "/bin/echo", argument[] = "executed";
    static unsigned argv[3];
    argv[0] = (unsigned)(unsigned long)path, argv[1] = (unsigned)(unsigned long)argument;
    legacy(11, (long)path, (long)argv, 0, 0, 0, 0);
    _exit(99);
  }
  printf("execve %x\n", wait_for(child));
  printf("failed execve %ld\n", legacy(11, (long)"/nothing", 0, 0, 0, 0, 0));

  // Signals: a call that a handler interrupts, and one that is made again.
  ticks = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  struct sigaction action = {.sa_handler = on_tick};
  sigaction(SIGALRM, &action, NULL);
  start_timer(20000);
  static int wait[2] = {2, 0};  // seconds, nanoseconds
  long result = legacy(162, (long)wait, 0, 0, 0, 0, 0);
  printf("nanosleep %ld ticks %d\n", result, *ticks > 0);
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, NULL);
  *ticks = 0;
  if (pipe(pipes) != 0) return 1;
  static char byte;
  child = fork();
  if (child == 0) {
    while (*ticks < 3) usleep(1000);
    _exit(write(pipes[1], "x", 1) == 1 ? 0 : 1);
  }
  result = legacy(3, pipes[0], (long)&byte, 1, 0, 0, 0);
  printf("read %ld ticks %d\n", result, *ticks >= 3);
  start_timer(0);
  wait_for(child);
  static unsigned long long blocked = 1ull << (SIGUSR1 - 1), old;
  printf("sigprocmask %ld\n", legacy(175, SIG_BLOCK, (long)&blocked, (long)&old, 8, 0, 0));
  sigset_t now;
  sigprocmask(SIG_SETMASK, NULL, &now);
  printf("blocked %d\n", sigismember(&now, SIGUSR1));
  printf("signal %ld\n", legacy(48, SIGUSR2, 1, 0, 0, 0, 0));
  raise(SIGUSR2);
  printf("kill %ld\n", legacy(37, getpid(), 0, 0, 0, 0, 0));
  legacy(252, 5, 0, 0, 0, 0, 0);
  return 0;
}
