// build: -pthread
// hazard: 3.18
// Hazard: a program closes every descriptor there is, counts those it has and relies on their
// numbers; what it executes finds nothing but what it left open.
#include "hazard.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/resource.h>

static int count(void) {
  DIR* folder = opendir("/proc/self/fd");
  int found = 0;
  while (readdir(folder) != NULL) ++found;
  closedir(folder);
  return found - 3;  // . and .. and the folder itself
}

static void* open_in_thread(void* unused) {
  (void)unused;
  printf("in a thread %d\n", open("/dev/null", O_RDONLY));
  return NULL;
}

int main(void) {
  printf("first open %d\n", open("/dev/null", O_RDONLY));
  printf("count %d\n", count());
  printf("high %d\n", fcntl(0, F_DUPFD, 500));
  printf("close_range %d\n", close_range(3, ~0u, 0));
  printf("count %d\n", count());
  for (int fd = 3; fd < 5000; ++fd) close(fd);
  printf("dup2 %d\n", dup2(1, 700));
  closefrom(3);
  printf("cloexec %d\n", close_range(0, ~0u, CLOSE_RANGE_CLOEXEC));
  fcntl(1, F_SETFD, 0);
  printf("unshared %d\n", close_range(3, ~0u, CLOSE_RANGE_UNSHARE));
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", "for f in /proc/self/fd/*; do [ -e $f ] && echo fd ${f##*/}; done",
          NULL);
    _exit(1);
  }
  printf("shell %d\n", wait_for(child));
  pthread_t thread;
  pthread_create(&thread, NULL, open_in_thread, NULL);
  pthread_join(thread, NULL);
  fflush(stdout);
  close_range(0, ~0u, 0);
  const int zero = open("/dev/null", O_WRONLY), one = open("/dev/null", O_WRONLY);
  const int last = fork();
  if (last == 0) _exit(zero * 10 + one);
  return WEXITSTATUS(wait_for(last)) + 40;
}
