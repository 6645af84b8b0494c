// modes: no-trust (rewrites code that has run)
// build: -pthread
// hazard: 6.22
// Hazard: signalfd, eventfd, timerfd, pidfd, epoll, inotify and asynchronous input and output pass
// through as they are, and io_uring, where the kernel has it, fills memory behind everybody's back:
// also memory that holds code.
#include "hazard.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static void read_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &set, NULL);
  const int file = signalfd(-1, &set, 0);
  for (int i = 0; i < 3; ++i) sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 10 + i});
  kill(getpid(), SIGUSR1);
  struct signalfd_siginfo info[4];
  const ssize_t got = read(file, info, sizeof info);
  printf("signalfd %zd:", got / (ssize_t)sizeof *info);
  for (int i = 0; i < 4; ++i) printf(" %d/%d", (int)info[i].ssi_signo - SIGRTMIN, info[i].ssi_int);
  puts("");
  close(file);
}

static void wait_for_events(void) {
  const int events = eventfd(5, 0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
  const struct itimerspec soon = {{0, 0}, {0, 3000000}};
  timerfd_settime(timer, 0, &soon, NULL);
  const pid_t child = fork();
  if (child == 0) {
    const uint64_t seven = 7;
    _exit(write(events, &seven, sizeof seven) == sizeof seven ? 4 : 5);
  }
  const int process = syscall(SYS_pidfd_open, child, 0);
  const int poller = epoll_create1(0);
  const int files[] = {timer, process};
  for (int i = 0; i < 2; ++i) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = files[i]}};
    epoll_ctl(poller, EPOLL_CTL_ADD, files[i], &event);
  }
  int ready = 0;
  struct epoll_event event;
  for (int i = 0; i < 2; ++i) {
    while (epoll_wait(poller, &event, 1, -1) != 1) {
    }
    ready |= event.data.fd == timer ? 1 : 2;
    epoll_ctl(poller, EPOLL_CTL_DEL, event.data.fd, NULL);
  }
  siginfo_t info = {0};
  waitid(P_PIDFD, process, &info, WEXITED);
  uint64_t sum = 0, expired = 0;
  if (read(events, &sum, 8) != 8 || read(timer, &expired, 8) != 8) puts("short read");
  printf("ready %d, events %d, expired %d, child %d\n", ready, (int)sum, (int)expired,
         info.si_status);
}

// One read of `bytes` from the start of a file by io_uring; -1 where there is none.
static int read_by_ring(int file, void* to, unsigned bytes) {
  struct io_uring_params parameters = {0};
  const int ring = syscall(SYS_io_uring_setup, 4, &parameters);
  if (ring < 0) return -1;
  char* const queue = mmap(NULL, 65536, 3, MAP_SHARED, ring, IORING_OFF_SQ_RING);
  char* const done = mmap(NULL, 65536, 3, MAP_SHARED, ring, IORING_OFF_CQ_RING);
  struct io_uring_sqe* const entries = mmap(NULL, 4096, 3, MAP_SHARED, ring, IORING_OFF_SQES);
  entries[0] = (struct io_uring_sqe){
      .opcode = IORING_OP_READ, .fd = file, .addr = (uintptr_t)to, .len = bytes};
  ((unsigned*)(queue + parameters.sq_off.array))[0] = 0;
  __atomic_store_n((unsigned*)(queue + parameters.sq_off.tail), 1, __ATOMIC_RELEASE);
  const unsigned* const tail = (unsigned*)(done + parameters.cq_off.tail);
  for (unsigned submit = 1; __atomic_load_n(tail, __ATOMIC_ACQUIRE) == 0;) {
    const long taken =
        syscall(SYS_io_uring_enter, ring, submit, 1, IORING_ENTER_GETEVENTS, NULL, 0);
    if (taken > 0) submit = 0;  // a signal may have ended the wait
  }
  const struct io_uring_cqe* const entry = (void*)(done + parameters.cq_off.cqes);
  const int result = entry->res;
  close(ring);
  return result;
}

static void fill_code(void) {
  static const char kCodes[2][6] = {"\xb8\x11\0\0\0\xc3", "\xb8\x22\0\0\0\xc3"};
  char* const page = mmap(NULL, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int wrong = 0, ring = 0;
  for (int i = 0; i < 20; ++i) {
    const int file = memfd_create("code", 0);
    if (write(file, kCodes[i % 2], 6) != 6) abort();
    lseek(file, 0, SEEK_SET);
    int got = read_by_ring(file, page, 6);
    ring += got == 6;
    if (got < 0) got = read(file, page, 6);
    wrong += got != 6 || ((int (*)(void))page)() != (i % 2 ? 0x22 : 0x11);
    close(file);
  }
  printf("filled code %s: wrong %d\n", ring ? "by io_uring" : "by read", wrong);
}

int main(void) {
  read_signals();
  wait_for_events();
  fill_code();
  return 0;
}
