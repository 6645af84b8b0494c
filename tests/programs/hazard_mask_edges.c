// hazard: 4.4 4.6
// Hazard: a signal comes all the time while a thread blocks it again and again, by sigprocmask and
// by a frame's mask: no handler is ever called where its signal is blocked, as its frame would
// show, and none behind the call that has blocked it.
#include "hazard.h"

enum { kRounds = 20000 };

static volatile int calls, in_blocked;
static volatile int blocks_in_frame;

static void on_alarm(int signal, siginfo_t* info, void* context) {
  (void)info;
  ++calls;
  in_blocked += sigismember(&((ucontext_t*)context)->uc_sigmask, signal);
}

static void edit_mask(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info;
  ucontext_t* const uc = context;
  (blocks_in_frame ? sigaddset : sigdelset)(&uc->uc_sigmask, SIGALRM);
}

static void by_call(int how) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  sigprocmask(how, &set, NULL);
}

static void by_frame(int how) {
  blocks_in_frame = how == SIG_BLOCK;
  raise(SIGUSR2);
}

static void go(const char* what, void (*change)(int)) {
  int came_blocked = 0;
  const int first = calls;
  for (int i = 0; i < kRounds || calls - first < 500; ++i) {
    change(SIG_BLOCK);
    const int before = calls;
    for (volatile int k = 0; k < 5; ++k) {
    }
    came_blocked += calls != before;
    change(SIG_UNBLOCK);
  }
  printf("%s: called in blocked code %d, frames that block %d\n", what, came_blocked, in_blocked);
}

int main(void) {
  handle_with_info(SIGALRM, on_alarm, SA_RESTART);
  handle_with_info(SIGUSR2, edit_mask, SA_RESTART);
  start_timer(100);
  go("by sigprocmask", by_call);
  go("by a frame", by_frame);
  start_timer(0);
  return 0;
}
