// hazard: 6.22
// Hazard: the kernel holds fork until the program's monitor thread has read that it happens
// (UFFD_FEATURE_EVENT_FORK). A tracer that forks while it holds what the monitor needs (so that the
// child finds it in a known state) waits for ever. Another thread keeps running new code meanwhile.
// modes: no-trust (a thread writes new code over old)
#include "hazard_code.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>

enum { kForks = 12, kFunctions = 256 };

static int faults;
static char* fresh;
static int fresh_used;
static volatile int forks_seen, over, started;

static void ignore(int signal) {
  (void)signal;
}

// Something that has to be translated now, and an action that is looked up.
static int new_code(void) {
  handle(SIGUSR1, ignore, 0);
  return call(fresh + 64 * fresh_used++);
}

static void* monitor(void* unused) {
  struct pollfd ready = {.fd = faults, .events = POLLIN};
  for (;;) {
    if (poll(&ready, 1, -1) != 1) continue;
    if (new_code() != 1000 + forks_seen) exit(9);
    struct uffd_msg message;
    if (read(faults, &message, sizeof message) != sizeof message) continue;
    if (message.event != UFFD_EVENT_FORK) continue;
    close((int)message.arg.fork.ufd);
    ++forks_seen;
  }
  return unused;
}

// Code that is new again and again.
static void* churn(void* unused) {
  char* pages = map_pages(16, PROT_READ | PROT_WRITE | PROT_EXEC);
  for (int round = 0; !over; ++round) {
    for (int i = 0; i < kFunctions; ++i) {
      put_function(pages + 64 * i, i + round);
      if (call(pages + 64 * i) != i + round) exit(8);
    }
    started = 1;
  }
  return unused;
}

int main(void) {
  faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
  struct uffdio_api api = {.api = UFFD_API, .features = UFFD_FEATURE_EVENT_FORK};
  if (faults < 0 || ioctl(faults, UFFDIO_API, &api) != 0) return puts("no fork events"), 0;
  fresh = map_pages(2, PROT_READ | PROT_WRITE | PROT_EXEC);
  for (int i = 0; i < 2 * kForks; ++i) put_function(fresh + 64 * i, 1000 + i);
  void* watched = map_pages(1, PROT_READ | PROT_WRITE);
  struct uffdio_register range = {.range = {(unsigned long)watched, kPage},
                                  .mode = UFFDIO_REGISTER_MODE_MISSING};
  if (ioctl(faults, UFFDIO_REGISTER, &range) != 0) return 2;
  pthread_t thread, churner;
  pthread_create(&thread, NULL, monitor, NULL);
  pthread_create(&churner, NULL, churn, NULL);
  while (!started) usleep(100);

  for (int i = 0; i < kForks; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      // In the child, too, new code runs, and another child is made.
      const int value = call(fresh + 64 * (kForks + i));
      const pid_t grandchild = fork();
      if (grandchild == 0) _exit(value - 1000);
      _exit(wait_for(grandchild) >> 8);
    }
    printf("%d ", wait_for(child) >> 8);
    while (forks_seen <= i) usleep(100);
  }
  over = 1;
  pthread_join(churner, NULL);
  printf("\n%d forks seen\n", forks_seen);
  return 0;
}
