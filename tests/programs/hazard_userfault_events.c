// hazard: 6.22
// Hazard: the kernel holds munmap, mremap, mmap over something, madvise and brk until the program's
// monitor thread has read that they happen (UFFD_FEATURE_EVENT_UNMAP, _REMAP, _REMOVE). A tracer
// that makes them while it holds what the monitor needs waits for ever. Code on such memory is as
// old as the call has made it, whoever looks: the monitor, while the call is held, and its caller
// behind it.
#include "hazard_code.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>

static int faults;
static char* fresh;  // functions that nobody has called yet
static int fresh_used;
static int version = 100;
static void* volatile changed;  // where the call that is being made changes code
static volatile int events;
static __thread sigjmp_buf no_code;

static void on_fault(int signal) {
  siglongjmp(no_code, signal);
}

static int call_or_fault(void* code) {
  const int signal = sigsetjmp(no_code, 1);
  return signal != 0 ? -signal : call(code);
}

static void fill(unsigned long at) {
  char content[kPage];
  memset(content, 0x90, kPage);
  put_function(content, version++);
  struct uffdio_copy copy = {.dst = at, .src = (unsigned long)content, .len = kPage};
  while (ioctl(faults, UFFDIO_COPY, &copy) != 0 && errno == EAGAIN) {
  }
}

// What it does between poll and read is done while the call is held.
static void* monitor(void* unused) {
  struct pollfd ready = {.fd = faults, .events = POLLIN};
  for (;;) {
    if (poll(&ready, 1, -1) != 1) continue;
    void* const code = changed;
    if (code != NULL) {
      printf("[new %d", call(fresh + 64 * fresh_used++));
      printf(" there %d", call_or_fault(code));
    }
    struct uffd_msg message;
    if (read(faults, &message, sizeof message) != sizeof message) continue;
    if (message.event == UFFD_EVENT_PAGEFAULT) {
      fill(message.arg.pagefault.address & ~(unsigned long)(kPage - 1));
    } else {
      printf(" event %#x]", message.event);
      ++events;
    }
  }
  return unused;
}

static void change_begins(void* code) {
  changed = code;
}
static void change_ends(int event) {
  while (events != event) usleep(100);
  changed = NULL;
}

static void watch(void* start, unsigned long pages) {
  struct uffdio_register range = {.range = {(unsigned long)start, pages * kPage},
                                  .mode = UFFDIO_REGISTER_MODE_MISSING};
  if (ioctl(faults, UFFDIO_REGISTER, &range) != 0) exit(2);
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
  struct uffdio_api api = {
      .api = UFFD_API,
      .features = UFFD_FEATURE_EVENT_UNMAP | UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE};
  if (faults < 0 || ioctl(faults, UFFDIO_API, &api) != 0) return puts("no userfaultfd"), 0;
  fresh = map_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
  for (int i = 0; i < 16; ++i) put_function(fresh + 64 * i, 500 + i);
  handle(SIGSEGV, on_fault, 0);
  const int code = PROT_READ | PROT_EXEC;
  char* pages = map_pages(4, code);
  char* place = map_pages(4, PROT_NONE);
  watch(pages, 4);
  pthread_t thread;
  pthread_create(&thread, NULL, monitor, NULL);

  printf("before %d %d\n", call(pages), call(pages + kPage));
  change_begins(pages);
  madvise(pages, kPage, MADV_DONTNEED);
  change_ends(1);
  printf(" removed %d %d\n", call(pages), call(pages + kPage));

  change_begins(pages + kPage);
  if (mremap(pages + kPage, kPage, kPage, MREMAP_MAYMOVE | MREMAP_FIXED, place) != place) return 3;
  change_ends(3);  // moved, and what was there is unmapped
  printf(" moved %d %d\n", call(place), call_or_fault(pages + kPage));

  change_begins(pages);
  munmap(pages, kPage);
  change_ends(4);
  printf(" unmapped %d\n", call_or_fault(pages));

  printf("third %d\n", call(pages + 2 * kPage));
  change_begins(pages + 2 * kPage);
  mmap(pages + 2 * kPage, kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  change_ends(5);
  mprotect(pages + 2 * kPage, kPage, code | PROT_WRITE);
  put_function(pages + 2 * kPage, 77);
  printf(" replaced %d\n", call(pages + 2 * kPage));

  char* top = sbrk(0);
  top += -(unsigned long)top % kPage;
  if (brk(top + 4 * kPage) != 0) return 4;
  watch(top, 4);
  mprotect(top + 2 * kPage, kPage, code);
  printf("in the heap %d\n", call(top + 2 * kPage));
  change_begins(top + 2 * kPage);
  if (brk(top + 2 * kPage) != 0) return 5;
  change_ends(6);
  printf(" shrunk %d\n", call_or_fault(top + 2 * kPage));
  return 0;
}
