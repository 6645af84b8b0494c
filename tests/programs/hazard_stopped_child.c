// hazard: 4.6
// Hazard: a child is stopped, continued and killed; its parent is told each.
#include "hazard.h"

int main(void) {
  int status;
  const pid_t child = fork();
  if (child == 0) {
    for (volatile long i = 0;; ++i) {
    }
  }
  for (int i = 0; i < 10; ++i) {
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGSTOP) return 1;
    kill(child, SIGCONT);
    waitpid(child, &status, WCONTINUED);
    if (!WIFCONTINUED(status)) return 2;
  }
  kill(child, SIGKILL);
  printf("killed by %d\n", WTERMSIG(wait_for(child)));
  return 0;
}
