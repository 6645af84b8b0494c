// Hazard: code on pages that do not exist until another thread of the program fills them in
// (userfaultfd), the second one only when a jump or a long instruction reaches it. A tracer that
// reads code while it holds a lock waits for a thread that waits for it.
// hazard: 6.22
#include "hazard_code.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

static int faults;
static char* pages;
static int order[16];
static volatile int served;

// Each page: a function at its start; one that ends on the next page 3 bytes before its end.
static void* serve(void* unused) {
  char content[kPage];
  struct uffd_msg message;
  while (read(faults, &message, sizeof message) == sizeof message) {
    const unsigned long at = message.arg.pagefault.address & ~(unsigned long)(kPage - 1);
    const int number = (int)((at - (unsigned long)pages) / kPage);
    char function[6];
    memset(content, 0x90, kPage);
    put_function(content + 16, 100 + number);
    put_function(function, 200 + number - 1);
    memcpy(content, function + 3, 3);
    put_function(function, 200 + number);
    memcpy(content + kPage - 3, function, 3);
    order[served++] = number;
    struct uffdio_copy copy = {.dst = at, .src = (unsigned long)content, .len = kPage};
    ioctl(faults, UFFDIO_COPY, &copy);
  }
  return unused;
}

int main(void) {
  faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
  struct uffdio_api api = {.api = UFFD_API};
  if (faults < 0 || ioctl(faults, UFFDIO_API, &api) != 0) return puts("no userfaultfd"), 0;
  pages = map_pages(8, PROT_READ | PROT_WRITE | PROT_EXEC);
  struct uffdio_register range = {.range = {(unsigned long)pages, 8 * kPage},
                                  .mode = UFFDIO_REGISTER_MODE_MISSING};
  if (ioctl(faults, UFFDIO_REGISTER, &range) != 0) return 2;
  pthread_t server;
  pthread_create(&server, NULL, serve, NULL);

  printf("%d", call(pages + 16));
  printf(" (%d)", served);
  printf(" %d", call(pages + 3 * kPage + 16));
  printf(" (%d)", served);
  printf(" %d", call(pages + kPage - 3));
  printf(" (%d)", served);
  mprotect(pages + 5 * kPage, 2 * kPage, PROT_READ | PROT_EXEC);
  printf(" %d", call(pages + 5 * kPage + 16));
  printf(" %d", call(pages + 6 * kPage - 3));
  printf(" (%d)", served);
  madvise(pages, kPage, MADV_DONTNEED);
  printf(" %d", call(pages + 16));
  printf(" (%d)\n", served);
  for (int i = 0; i < served; ++i) printf("%d ", order[i]);
  puts("");
  return 0;
}
