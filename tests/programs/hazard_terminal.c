// modes: no-ticks (a tick would end the shell reads of its children)
// hazard: 6.23
// Hazard: job control on a terminal: a session of its own, a foreground group, ^C and ^Z typed into
// the terminal stop and end the right processes, a background read stops with SIGTTIN, a hangup
// reaches the session, and the new size of the window its foreground.
#include "hazard.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

static volatile int resized;

static void note(int signal) {
  (void)signal;
  resized = 1;
}

static int child_of_terminal(const char* name) {
  setsid();
  const int terminal = open(name, O_RDWR);
  ioctl(terminal, TIOCSCTTY, 0);
  signal(SIGTTOU, SIG_IGN);
  printf("leads its session %d, its group is in front %d\n", getsid(0) == getpid(),
         tcgetpgrp(terminal) == getpgrp());
  fflush(stdout);
  for (int way = 0; way < 3; ++way) {
    const pid_t job = fork();
    if (job == 0) {
      setpgid(0, 0);
      if (way < 2) tcsetpgrp(terminal, getpid());
      handle(SIGWINCH, note, 0);
      if (way == 0 && write(terminal, "ready\n", 6) != 6) _exit(9);
      if (way == 1 && write(terminal, "again\n", 6) != 6) _exit(9);
      char byte;
      if (way == 2) _exit(read(terminal, &byte, 1) == 1);
      for (;;) pause();
    }
    int status;
    waitpid(job, &status, WUNTRACED);
    tcsetpgrp(terminal, getpgrp());
    printf("job %d: stopped %d by %s\n", way, WIFSTOPPED(status),
           strsignal(WIFSTOPPED(status) ? WSTOPSIG(status) : WTERMSIG(status)));
    fflush(stdout);
    if (WIFSTOPPED(status)) {
      kill(-job, SIGKILL);
      kill(-job, SIGCONT);
      waitpid(job, &status, 0);
    }
  }
  handle(SIGWINCH, note, 0);
  if (write(terminal, "size\n", 5) != 5) return 9;
  while (!resized) usleep(1000);
  struct winsize size;
  ioctl(terminal, TIOCGWINSZ, &size);
  printf("resized to %d by %d\n", size.ws_row, size.ws_col);
  fflush(stdout);
  if (write(terminal, "hang up\n", 8) != 8) return 9;
  for (;;) pause();
}

// Reads from the terminal until the word has come.
static void await(int terminal, const char* word) {
  char text[256] = {0};
  size_t length = 0;
  while (length < sizeof text - 1 && !strstr(text, word)) {
    if (read(terminal, text + length, 1) != 1) return;
    ++length;
  }
}

int main(void) {
  alarm(20);
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) return 2;
  const char* const name = ptsname(terminal);
  const pid_t child = fork();
  if (child == 0) {
    close(terminal);
    _exit(child_of_terminal(name));
  }
  await(terminal, "ready");
  if (write(terminal, "\x03", 1) != 1) return 2;
  await(terminal, "again");
  if (write(terminal, "\x1a", 1) != 1) return 2;
  await(terminal, "size");
  const struct winsize size = {33, 77, 0, 0};
  ioctl(terminal, TIOCSWINSZ, &size);
  await(terminal, "hang up");
  close(terminal);
  const int status = wait_for(child);
  printf("the session ended by %s\n", strsignal(WTERMSIG(status)));
  return 0;
}
