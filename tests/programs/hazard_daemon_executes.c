// run: %
// hazard: 3.6
// Hazard: a program starts a daemon and ends; only then the daemon, known to nobody by then,
// executes another program, and a child of it one more.
#include "hazard.h"

static void daemon_of(int ended, const char* self) {
  char byte;
  while (read(ended, &byte, 1) > 0) continue;  // until the first process has gone
  usleep(300000);
  if (fork() == 0) {
    execl(self, self, "child", NULL);
    _exit(9);
  }
  int status;
  wait(&status);
  printf("daemon's child %d\n", WEXITSTATUS(status));
  fflush(stdout);
  execl(self, self, "late", NULL);
  _exit(9);
}

int main(int argc, char** argv) {
  if (argc == 2) {
    printf("%s\n", argv[1]);
    return 5;
  }
  if (argc == 3) {
    int alive[2];
    if (pipe(alive) != 0) abort();
    if (fork() == 0) {
      close(alive[1]);
      daemon_of(alive[0], argv[0]);
    }
    return 0;
  }
  int output[2];
  if (pipe(output) != 0) abort();
  if (fork() == 0) {
    dup2(output[1], STDOUT_FILENO);
    close(output[0]);
    close(output[1]);
    execl(argv[0], argv[0], "start", "daemon", NULL);
    _exit(9);
  }
  close(output[1]);
  wait(NULL);
  char text[200];
  for (ssize_t got; (got = read(output[0], text, sizeof text)) > 0;) {
    fwrite(text, 1, (size_t)got, stdout);
  }
  puts("over");
}
