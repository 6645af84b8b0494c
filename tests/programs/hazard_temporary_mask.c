// modes: no-ticks (a tick that waits with them nests, too, and shows in their masks)
// hazard: 4.6
// Hazard: calls that replace the mask for their time (sigsuspend, ppoll, pselect, epoll_pwait,
// epoll_pwait2, io_pgetevents). A handler that interrupts one runs with the temporary mask and its
// own; a second signal that was pending nests in it if the temporary mask lets it; frames hold the
// mask from before the call, and that is what is in force afterwards.
#define _GNU_SOURCE
#include <linux/aio_abi.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "hazard.h"

static const int signals[] = {SIGUSR1, SIGUSR2, SIGSEGV, SIGHUP};

static void show(const char* what, const sigset_t* set) {
  printf(" %s", what);
  for (int i = 0; i < 4; ++i) printf("%d", sigismember(set, signals[i]));
}

static void tell(int signal, siginfo_t* info, void* context) {
  (void)info;
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  printf("  signal %d:", signal);
  show("now ", &now);
  show("frame ", &((ucontext_t*)context)->uc_sigmask);
  puts("");
}

static int wait_in(int call, const sigset_t* mask) {
  struct epoll_event event;
  const struct timespec second = {1, 0};
  const int epoll = epoll_create1(0);
  int result = -1;
  switch (call) {
    case 0:
      result = sigsuspend(mask);
      break;
    case 1:
      result = ppoll(NULL, 0, &second, mask);
      break;
    case 2:
      result = pselect(0, NULL, NULL, NULL, &second, mask);
      break;
    case 3:
      result = epoll_pwait(epoll, &event, 1, 1000, mask);
      break;
    case 5: {
      aio_context_t context = 0;
      struct io_event done;
      struct {
        const void* mask;
        size_t bytes;
      } set = {mask, 8};
      syscall(SYS_io_setup, 1, &context);
      result = (int)syscall(SYS_io_pgetevents, context, 1, 1, &done, &second, &set);
      const int error = errno;
      syscall(SYS_io_destroy, context);
      errno = error;
      break;
    }
    case 4:
      result = (int)syscall(SYS_epoll_pwait2, epoll, &event, 1, &second, mask, 8);
      break;
  }
  const int error = errno;
  close(epoll);
  errno = error;
  return result;
}

static void round_of(int call, int sent, int unblocked) {
  sigset_t all, mask, before, after, pending;
  sigemptyset(&all);
  for (int i = 0; i < 4; ++i) sigaddset(&all, signals[i]);
  mask = all;
  for (int i = 0; i < 4; ++i)
    if (unblocked >> i & 1) sigdelset(&mask, signals[i]);
  sigprocmask(SIG_SETMASK, &all, &before);
  for (int i = 0; i < 4; ++i)
    if (sent >> i & 1) kill(getpid(), signals[i]);
  printf("call %d, sent %x, unblocked %x\n", call, sent, unblocked);
  const int result = wait_in(call, &mask);
  printf("  result %d interrupted %d;", result, errno == EINTR);
  sigprocmask(SIG_BLOCK, NULL, &after);
  sigpending(&pending);
  show("mask ", &after);
  show("pending ", &pending);
  puts("");
  sigprocmask(SIG_SETMASK, &before, NULL);
}

int main(void) {
  for (int i = 0; i < 4; ++i) handle_with_info(signals[i], tell, 0);
  for (int call = 0; call < 6; ++call) {
    round_of(call, 3, 3);
    round_of(call, 3, 1);
    round_of(call, 7, 7);
    round_of(call, 12, 4);
  }
  struct sigaction masks_hup = {.sa_sigaction = tell, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigaddset(&masks_hup.sa_mask, SIGHUP);
  sigaction(SIGUSR1, &masks_hup, NULL);
  for (int call = 0; call < 6; ++call) round_of(call, 9, 11);
  return 0;
}
