// Hazard: code on pages that are not writable is changed through /proc/self/mem, which asks for no
// permission: opened before and after the code has run, written by pwrite, writev and sendfile,
// through a duplicate, and by another thread.
// hazard: 5.5
// modes: no-trust (code is changed after it was believed)
#include "hazard_code.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

__attribute__((noinline, noipa)) static int in_text(void) {
  return 77;
}

static char* page;
static int memory;

static void* write_from_thread(void* unused) {
  char code[6];
  put_function(code, 5);
  pwrite(memory, code, 6, (off_t)page);
  return unused;
}

int main(void) {
  page = map_pages(1, PROT_READ | PROT_WRITE);
  put_function(page, 1);
  mprotect(page, kPage, PROT_READ | PROT_EXEC);
  printf("%d", call(page));
  memory = open("/proc/self/mem", O_RDWR);
  printf(" %d", call(page));

  char code[6];
  put_function(code, 2);
  pwrite(memory, code, 6, (off_t)page);
  printf(" %d", call(page));

  put_function(code, 3);
  const int duplicate = dup(memory);
  lseek(duplicate, (off_t)page, SEEK_SET);
  const struct iovec parts[] = {{code, 2}, {code + 2, 4}};
  writev(duplicate, parts, 2);
  printf(" %d", call(page));

  pthread_t thread;
  pthread_create(&thread, NULL, write_from_thread, NULL);
  pthread_join(thread, NULL);
  printf(" %d", call(page));

  for (int value = 78; value < 90; ++value) {
    if (value == 80) printf(" %d", in_text());
    put_function(code, value);
    pwrite(memory, code, 6, (off_t)in_text);
    if (in_text() != value) printf(" not %d", value);
  }
  printf(" %d\n", in_text());

  // By its other names, write-only.
  char name[64];
  snprintf(name, sizeof name, "/proc/%d/task/%d/mem", getpid(), (int)syscall(SYS_gettid));
  char* other = map_pages(1, PROT_READ | PROT_WRITE);
  put_function(other, 6);
  mprotect(other, kPage, PROT_READ | PROT_EXEC);
  printf("%d", call(other));
  const int by_task = open(name, O_WRONLY);
  put_function(code, 7);
  pwrite(by_task, code, 6, (off_t)other);
  printf(" %d\n", call(other));
  return 0;
}
