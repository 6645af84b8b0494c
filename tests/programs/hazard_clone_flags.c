// build: -pthread
// hazard: 3.4
// Hazard: processes and threads made by the raw system call in unusual ways: on no stack of their
// own, on a tiny or a mapped one, sharing memory without being a thread, waited for without sharing
// memory, with descriptors, thread-local storage or a parent of their own, and calls that fail.
#include <linux/sched.h>

#include "hazard.h"

static volatile int shared;

// Runs `body` in the child on another stack; the parent gets the result.
static long clone_on(unsigned long flags, void* stack_top, int* parent_tid, int* child_tid,
                     void* tls, void (*body)(void)) {
  register long r10 __asm__("r10") = (long)child_tid;
  register long r8 __asm__("r8") = (long)tls;
  long result;
  __asm__ volatile(
      "syscall\n"
      "test %%rax, %%rax\n"
      "jnz 1f\n"
      "xor %%ebp, %%ebp\n"
      "call *%[body]\n"
      "mov $60, %%eax\n"
      "mov $7, %%edi\n"
      "syscall\n"
      "1:\n"
      : "=a"(result)
      : "a"(SYS_clone), "D"(flags), "S"(stack_top), "d"(parent_tid), "r"(r10),
        "r"(r8), [body] "b"(body)
      : "rcx", "r11", "memory");
  return result;
}

static void add(void) {
  shared += 1;
}

static void* map_stack(size_t bytes) {
  char* stack =
      mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  return stack + bytes;
}

static void end_of(const char* what, pid_t child) {
  int status = -1;
  const pid_t waited = waitpid(child, &status, __WALL);
  printf("%s: %d exit %d, shared %d\n", what, waited == child, WEXITSTATUS(status), shared);
  fflush(stdout);
}

static int fd_to_close = -1;
static void close_it(void) {
  close(fd_to_close);
}
static long tls_block[64];
static volatile long seen_in_tls;
static void look_at_tls(void) {
  __asm__ volatile("mov %%fs:8, %0" : "=r"(seen_in_tls));
}

static struct clone_args arguments_of(unsigned long flags) {
  return (struct clone_args){.flags = flags, .exit_signal = SIGCHLD};
}
static long clone3_with(struct clone_args* arguments, size_t size) {
  return syscall(SYS_clone3, arguments, size);
}

int main(void) {
  end_of("fork by clone", clone_on(SIGCHLD, NULL, NULL, NULL, NULL, add));
  end_of("shared memory", clone_on(CLONE_VM | SIGCHLD, map_stack(65536), NULL, NULL, NULL, add));
  end_of("tiny stack", clone_on(CLONE_VM | SIGCHLD, (char*)map_stack(4096), NULL, NULL, NULL, add));
  end_of("no exit signal", clone_on(CLONE_VM, map_stack(4096), NULL, NULL, NULL, add));
  end_of("vfork on a stack",
         clone_on(CLONE_VM | CLONE_VFORK | SIGCHLD, map_stack(4096), NULL, NULL, NULL, add));
  end_of("waited for, not shared", clone_on(CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL, add));
  int parent_tid = 0, child_tid = 0;
  const pid_t with_ids = (pid_t)clone_on(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, NULL,
                                         &parent_tid, &child_tid, NULL, add);
  printf("ids %d %d\n", parent_tid == with_ids, child_tid);
  end_of("with ids", with_ids);

  fd_to_close = dup(1);
  end_of("files shared", clone_on(CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL, close_it));
  printf("closed there: %d\n", write(fd_to_close, "", 1) < 0 && errno == EBADF);

  tls_block[1] = 4711;
  end_of("with tls", clone_on(CLONE_VM | CLONE_SETTLS | SIGCHLD, map_stack(8192), NULL, NULL,
                              tls_block, look_at_tls));
  printf("in tls %ld\n", seen_in_tls);

  volatile int cleared = 1;
  const pid_t thread = (pid_t)clone_on(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                                           CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID,
                                       map_stack(8192), NULL, (int*)&cleared, NULL, add);
  while (cleared != 0) syscall(SYS_futex, &cleared, 0, 1, &(struct timespec){0, 1000000});
  printf("raw thread %d, shared %d\n", thread > 0, shared);

  static const struct {
    const char* name;
    unsigned long flags;
  } wrong[] = {{"thread without sighand", CLONE_THREAD | CLONE_VM},
               {"sighand without memory", CLONE_SIGHAND},
               {"newns and fs", CLONE_NEWNS | CLONE_FS},
               {"newuser and thread", CLONE_NEWUSER | CLONE_THREAD | CLONE_VM | CLONE_SIGHAND}};
  for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; ++i) {
    printf("%s: %ld\n", wrong[i].name, clone_on(wrong[i].flags, NULL, NULL, NULL, NULL, add));
    struct clone_args arguments = arguments_of(wrong[i].flags);
    const long result = clone3_with(&arguments, sizeof arguments);
    printf("%s by clone3: %ld %d\n", wrong[i].name, result, errno);
  }
  struct clone_args arguments = arguments_of(0);
  const long too_small = clone3_with(&arguments, 8);
  printf("too small %ld %d\n", too_small, errno);
  printf("nowhere %ld %d\n", clone3_with((void*)8, sizeof arguments), errno);
  arguments.exit_signal = 99;
  const long bad_signal = clone3_with(&arguments, sizeof arguments);
  printf("bad signal %ld %d\n", bad_signal, errno);
  arguments = arguments_of(CLONE_INTO_CGROUP);
  arguments.cgroup = 9999;
  const long bad_cgroup = clone3_with(&arguments, sizeof arguments);
  printf("no cgroup %ld %d\n", bad_cgroup, errno);
  int pidfd = -1;
  arguments = arguments_of(CLONE_PIDFD);
  arguments.pidfd = (uintptr_t)&pidfd;
  fflush(stdout);
  const long child = clone3_with(&arguments, sizeof arguments);
  if (child == 0) _exit(21);
  siginfo_t info = {0};
  waitid(P_PIDFD, pidfd, &info, WEXITED);
  printf("by pidfd: %d %d\n", info.si_pid == child, info.si_status);
  return 0;
}
