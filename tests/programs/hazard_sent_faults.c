// build: -pthread
// hazard: 4.6
// Hazard: SIGSEGV and its like that somebody sends (kill, tgkill, sigqueue, rt_tgsigqueueinfo, to
// itself, from a thread, from a child) while the program blocks them: pending, shown by sigpending,
// signalfd and sigwaitinfo with all their siginfo, delivered with it when unblocked, once.
#define _GNU_SOURCE
#include <poll.h>
#include <sys/signalfd.h>

#include "hazard.h"

static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};

static void describe(const char* how, const siginfo_t* info) {
  printf("%s: signal %d code %d from me %d value %d\n", how, info->si_signo, info->si_code,
         info->si_pid == getpid(), info->si_code == SI_QUEUE ? info->si_int : 0);
}

static void tell(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  describe("handler", info);
}

static void send_by(int way, int signal) {
  const union sigval value = {.sival_int = way * 100 + signal};
  siginfo_t forged = {.si_code = -77};
  switch (way) {
    case 0:
      kill(getpid(), signal);
      break;
    case 1:
      pthread_kill(pthread_self(), signal);
      break;
    case 2:
      sigqueue(getpid(), signal, value);
      break;
    case 3:
      pthread_sigqueue(pthread_self(), signal, value);
      break;
    case 4:
      syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), signal, &forged);
      break;
    case 5: {
      const pid_t child = fork();
      if (child == 0) {
        kill(getppid(), signal);
        _exit(0);
      }
      wait_for(child);
      break;
    }
  }
}

static void spin(void) {
  for (volatile int i = 0; i < 20000; ++i) {
  }
}

static void see(int how, const sigset_t* set, int fd) {
  siginfo_t info = {0};
  struct signalfd_siginfo read_info = {0};
  const struct timespec now = {0, 0};
  sigset_t pending;
  sigpending(&pending);
  printf("pending");
  for (int i = 0; i < 5; ++i) printf(" %d", sigismember(&pending, signals[i]));
  puts("");
  if (how == 0) {
    printf("wait %d: ", sigtimedwait(set, &info, &now));
    describe("waited", &info);
  } else if (how == 1) {
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    printf("poll %d ", poll(&poll_fd, 1, 0));
    printf("read %zd: signal %u code %d value %d\n", read(fd, &read_info, sizeof read_info),
           read_info.ssi_signo, read_info.ssi_code, read_info.ssi_int);
  }
}

static volatile int spinning;

static void* send_from_thread(void* target) {
  while (!spinning) usleep(100);
  usleep(2000);
  pthread_kill(*(pthread_t*)target, SIGSEGV);
  kill(getpid(), SIGBUS);
  usleep(2000);
  spinning = 0;
  return NULL;
}

// They come while it computes; nothing but its own later calls may show them.
static void compute_meanwhile(const sigset_t* set) {
  pthread_t thread, self = pthread_self();
  pthread_create(&thread, NULL, send_from_thread, &self);
  spinning = 1;
  while (spinning) {
  }
  pthread_join(thread, NULL);
  see(2, set, -1);
  see(0, set, -1);
  see(0, set, -1);
}

int main(void) {
  sigset_t set, before;
  sigemptyset(&set);
  for (int i = 0; i < 5; ++i) {
    sigaddset(&set, signals[i]);
    handle_with_info(signals[i], tell, 0);
  }
  const int fd = signalfd(-1, &set, SFD_NONBLOCK);
  for (int way = 0; way < 6; ++way) {
    for (int i = 0; i < 5; ++i) {
      send_by(way, signals[i]);
      for (int how = 0; how < 3; ++how) {
        sigprocmask(SIG_BLOCK, &set, &before);
        send_by(way, signals[i]);
        spin();
        send_by(way, signals[i]);
        see(how, &set, fd);
        sigprocmask(SIG_SETMASK, &before, NULL);
      }
    }
  }
  sigprocmask(SIG_BLOCK, &set, &before);
  compute_meanwhile(&set);
  send_by(2, SIGSEGV);
  signal(SIGSEGV, SIG_IGN);
  handle_with_info(SIGSEGV, tell, 0);
  see(2, &set, fd);
  sigprocmask(SIG_SETMASK, &before, NULL);
  puts("end");
  return 0;
}
