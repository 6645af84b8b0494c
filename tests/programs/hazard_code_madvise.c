// Hazard: madvise changes code on pages that are not writable: a private page that was changed gets
// its file's bytes back (MADV_DONTNEED), a hole is made in the file behind it (MADV_REMOVE), a
// child finds zeros (MADV_WIPEONFORK) or nothing (MADV_DONTFORK).
// hazard: 3.12 5.6
// modes: no-trust (code is changed after it was believed)
#include "hazard_code.h"

static int result_in_child(void* at) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    __asm__ volatile("" ::: "memory");
    _exit(-try_call(at) & 0xff);
  }
  return WEXITSTATUS(wait_for(child));
}

int main(void) {
  const int file = memfd_create("code", 0);
  char code[kPage] = {0};
  put_function(code, 1);
  if (write(file, code, kPage) != kPage) return 2;

  char* page = map_file(file, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  put_function(page, 2);
  mprotect(page, kPage, PROT_READ | PROT_EXEC);
  printf("%d %d", call(page), call(page));
  madvise(page, kPage, MADV_DONTNEED);
  printf(" %d %d\n", call(page), call(page));

  char* clean = map_file(file, PROT_READ | PROT_EXEC, MAP_PRIVATE);
  char* shared = map_file(file, PROT_READ | PROT_WRITE, MAP_SHARED);
  printf("%d", call(clean));
  madvise(shared, kPage, MADV_REMOVE);
  printf(" %d", clean[0]);
  printf(" %d\n", try_call(clean));  // zeros: add %al, (%rax)

  char* wiped = map_pages(1, PROT_READ | PROT_WRITE);
  put_function(wiped, 3);
  mprotect(wiped, kPage, PROT_READ | PROT_EXEC);
  printf("%d", call(wiped));
  madvise(wiped, kPage, MADV_WIPEONFORK);
  printf(" %d", result_in_child(wiped));
  madvise(wiped, kPage, MADV_KEEPONFORK);
  printf(" %d %d\n", result_in_child(wiped), call(wiped));
  madvise(wiped, kPage, MADV_DONTFORK);
  printf("%d %d\n", result_in_child(wiped), call(wiped));
  return 0;
}
