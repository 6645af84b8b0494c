// Linked into every hazard program that has libc: what tests/tools/ticker.cpp needs in it. The
// program is then interrupted all the time by a handler that it does not know of, and its output
// must not change.
//
// The ticker says that it is there by ignoring SIGURG, which survives execve; so there is no
// handler unless it is. The handler fails the program loudly when it is not called as a handler is.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

static void fail(const char* why, size_t length) {
  if (write(STDERR_FILENO, why, length) < 0) _exit(98);
  _exit(99);
}
#define FAIL(why) fail("ticked: " why "\n", sizeof("ticked: " why "\n") - 1)

static void tick(int signal, siginfo_t* info, void* context) {
  const ucontext_t* const state = context;
  const greg_t* const registers = state->uc_mcontext.gregs;
  if (signal != SIGURG || info->si_signo != SIGURG) FAIL("another signal's handler was called");
  if (info->si_code != SI_TKILL) FAIL("not the signal that was sent");
  if (__builtin_ia32_readeflags_u64() & 0x400) FAIL("the direction flag is set in a handler");
  const int selector = registers[REG_CSGSFS] & 0xffff;  // 64-bit code, or 32-bit code
  if (selector != 0x33 && selector != 0x23) FAIL("the interrupted code has a strange selector");
  // The frame stands below the red zone of what it interrupts, unless it is on the other stack.
  const stack_t* const stack = &state->uc_stack;
  const uintptr_t low = (uintptr_t)stack->ss_sp;
  const uintptr_t here = (uintptr_t)context;
  const int on_other_stack = !(stack->ss_flags & SS_DISABLE) && here - low < stack->ss_size;
  if (!on_other_stack && here >= (uintptr_t)registers[REG_RSP] - 128) FAIL("in the red zone");
}

__attribute__((constructor)) static void begin(void) {
  struct sigaction action;
  if (sigaction(SIGURG, NULL, &action) != 0 || action.sa_handler != SIG_IGN) return;
  action =
      (struct sigaction){.sa_sigaction = tick, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
  sigaction(SIGURG, &action, NULL);
}
