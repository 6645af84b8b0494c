// build: -pthread
// modes: no-ticks (counts what interrupts each call)
// modes: heavy (waits for calls to end)
// hazard: 4.6
// Hazard: which calls a handler interrupts, and which go on, with and without SA_RESTART; what is
// left of their time; the same for a stop and a continue, which no handler sees.
#define _GNU_SOURCE
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#include <linux/futex.h>

#include "hazard.h"

static int ends[2], sockets[2], listener, event, timer, epoll, queue, semaphores;
static struct sockaddr_un local;
static volatile int handled;

static void count(int signal) {
  (void)signal;
  ++handled;
}

static void two_seconds(struct timeval* time) {
  *time = (struct timeval){2, 0};
}

static long with_errno(int error) {
  errno = error;
  return error == 0 ? 0 : -1;
}

static long do_futex(int op, int* word, const struct timespec* time, unsigned bits) {
  return syscall(SYS_futex, word, op, 0, time, NULL, bits);
}

static struct timespec ends_at(int clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  now.tv_nsec += 200 * 1000000, ++now.tv_sec;
  if (now.tv_nsec >= 1000000000) now.tv_nsec -= 1000000000, ++now.tv_sec;
  return now;
}

// Each would block for ever, or for 1.2 s.
static long call(int which, const char** name) {
  char byte;
  int word = 0;
  struct pollfd polled = {.fd = ends[0], .events = POLLIN};
  struct timespec time = {1, 200000000};
  struct epoll_event got;
  struct sembuf down = {0, -1, 0};
  sem_t semaphore;
  fd_set set;
  struct timeval wait = {1, 200000};
  unsigned long number;
  struct {
    long type;
    char text[8];
  } message;
  siginfo_t info;
  sigset_t none;
  sigemptyset(&none);
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  switch (which) {
    case 0:
      *name = "read pipe";
      return read(ends[0], &byte, 1);
    case 1:
      *name = "read eventfd";
      return read(event, &number, 8);
    case 2:
      *name = "read timerfd";
      return read(timer, &number, 8);
    case 3:
      *name = "recv";
      return recv(sockets[0], &byte, 1, 0);
    case 4:
      two_seconds(&wait);
      setsockopt(sockets[1], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
      *name = "recv with a timeout";
      return recv(sockets[1], &byte, 1, 0);
    case 5:
      *name = "accept";
      return accept(listener, NULL, NULL);
    case 6:
      *name = "poll";
      return poll(&polled, 1, 1200);
    case 7:
      *name = "ppoll";
      return (int)syscall(SYS_ppoll, &polled, 1, &time, NULL, 8);
    case 8:
      *name = "select";
      return select(ends[0] + 1, &set, NULL, NULL, &wait);
    case 9:
      *name = "epoll_wait";
      return epoll_wait(epoll, &got, 1, 1200);
    case 10:
      *name = "nanosleep";
      return nanosleep(&time, NULL);
    case 11:
      *name = "clock_nanosleep";
      return with_errno(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL));
    case 12:
      time = ends_at(CLOCK_REALTIME);
      *name = "clock_nanosleep absolute";
      return with_errno(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL));
    case 13:
      *name = "futex";
      return do_futex(FUTEX_WAIT, &word, &time, 0);
    case 14:
      *name = "futex forever";
      return do_futex(FUTEX_WAIT, &word, NULL, 0);
    case 15:
      time = ends_at(CLOCK_MONOTONIC);
      *name = "futex bitset";
      return do_futex(FUTEX_WAIT_BITSET, &word, &time, ~0u);
    case 16:
      sem_init(&semaphore, 0, 0);
      time = ends_at(CLOCK_REALTIME);
      *name = "sem_timedwait";
      return sem_timedwait(&semaphore, &time);
    case 17:
      sem_init(&semaphore, 0, 0);
      *name = "sem_wait";
      return sem_wait(&semaphore);
    case 18:
      *name = "msgrcv";
      return msgrcv(queue, &message, 8, 0, 0);
    case 19:
      *name = "semop";
      return semop(semaphores, &down, 1);
    case 20:
      *name = "semtimedop";
      return semtimedop(semaphores, &down, 1, &time);
    case 21:
      *name = "pause";
      return pause();
    case 22:
      *name = "sigsuspend";
      return sigsuspend(&none);
    case 23:
      sigaddset(&none, SIGUSR2);
      *name = "sigtimedwait";
      return sigtimedwait(&none, &info, &time);
    case 24:
      *name = "wait4";
      return wait4(-1, NULL, 0, NULL);
    case 25:
      *name = "waitid";
      return waitid(P_ALL, 0, &info, WEXITED);
    default:
      return -2;
  }
}

enum { kCalls = 26 };

// What the children say, in memory that they share; behind it, that they may begin.
static struct {
  volatile int ready, over, handled;
  long result;
  int error;
  const char* name;
} * report;

static const char* outcome(long result, int error) {
  if (result >= 0) return "succeeds";
  if (error == EINTR) return "is interrupted";
  if (error == EAGAIN) return "has to try again";
  return error == ETIMEDOUT ? "times out" : strerror(error);
}

static pid_t start(int which, int flags) {
  const pid_t child = fork();
  if (child != 0) return child;
  handle(SIGUSR1, count, flags);
  if ((which == 24 || which == 25) && fork() == 0) {
    usleep(1000000);
    _exit(0);
  }
  report[which].ready = 1;
  while (!report[kCalls].ready) usleep(1000);
  errno = 0;
  report[which].result = call(which, &report[which].name);
  report[which].error = errno;
  report[which].handled = handled;
  report[which].over = 1;
  _exit(0);
}

// All calls at the same time, each in a child, disturbed when all of them wait.
static void attempt(int flags, int stops) {
  pid_t children[kCalls];
  memset(report, 0, (kCalls + 1) * sizeof *report);
  for (int i = 0; i < kCalls; ++i) children[i] = start(i, flags);
  for (int i = 0; i < kCalls; ++i)
    while (!report[i].ready) usleep(1000);
  report[kCalls].ready = 1;
  usleep(200000);
  for (int i = 0; i < kCalls; ++i) kill(children[i], stops ? SIGSTOP : SIGUSR1);
  usleep(50000);
  for (int i = 0; i < kCalls && stops; ++i) kill(children[i], SIGCONT);
  usleep(2000000);
  for (int i = 0; i < kCalls; ++i) {
    if (report[i].over)
      printf("%s: %s, %d handled\n", report[i].name, outcome(report[i].result, report[i].error),
             report[i].handled);
    else
      printf("%s: goes on\n", report[i].name);
    kill(children[i], SIGKILL);
    wait_for(children[i]);
  }
}

int main(void) {
  local.sun_family = AF_UNIX;
  snprintf(local.sun_path + 1, 100, "hazard_interrupted_calls_%d", getpid());
  listener = socket(AF_UNIX, SOCK_STREAM, 0);
  bind(listener, (void*)&local, sizeof local);
  listen(listener, 0);
  report = mmap(NULL, (kCalls + 1) * sizeof *report, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (pipe(ends) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) return 1;
  event = eventfd(0, 0);
  timer = timerfd_create(CLOCK_MONOTONIC, 0);
  epoll = epoll_create1(0);
  struct epoll_event wants = {.events = EPOLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &wants);
  queue = msgget(IPC_PRIVATE, 0600);
  semaphores = semget(IPC_PRIVATE, 1, 0600);
  static const char* const titles[] = {"no flags", "SA_RESTART", "stopped and continued"};
  for (int way = 0; way < 3; ++way) {
    puts(titles[way]);
    attempt(way == 1 ? SA_RESTART : 0, way == 2);
  }
  msgctl(queue, IPC_RMID, NULL);
  semctl(semaphores, 0, IPC_RMID);
  return 0;
}
