// Filters of system calls, for the hazard programs: what to do with one number, all others allowed
// or all others killed.
#pragma once
#include "hazard.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#define NUMBER_IS(number, action) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, (action))
#define OTHERWISE(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define LOAD_NUMBER BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define FAIL_WITH(error) (SECCOMP_RET_ERRNO | (error))

#define INSTALL(flags, ...)                                                 \
  ({                                                                        \
    struct sock_filter code[] = {LOAD_NUMBER, __VA_ARGS__};                 \
    const struct sock_fprog program = {sizeof code / sizeof code[0], code}; \
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);                                 \
    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, (flags), &program);       \
  })

// A line written without stdio, which may want memory.
static inline void say(const char* text) {
  if (write(1, text, strlen(text)) < 0) _exit(99);
}

// Enough different branches that a tracer meets code it has not seen, and much of it.
__attribute__((noinline)) static unsigned fresh_code(unsigned x) {
  for (int i = 0; i < 300000; ++i) {
    switch (x % 7) {
      case 0:
        x = x * 3 + 1;
        break;
      case 1:
        x ^= x >> 3;
        x += 11;
        break;
      case 2:
        x = (x << 5) | (x >> 27);
        break;
      case 3:
        x -= 0x1234567;
        break;
      case 4:
        x = x / 3 + 0x89abcdef;
        break;
      case 5:
        x = ~x;
        break;
      default:
        x += 0x9e3779b9;
        break;
    }
  }
  return x;
}

static inline void report_end(const char* what, int status) {
  if (WIFSIGNALED(status)) {
    printf("%s: signal %d\n", what, WTERMSIG(status));
  } else {
    printf("%s: exit %d\n", what, WEXITSTATUS(status));
  }
  fflush(stdout);
}
