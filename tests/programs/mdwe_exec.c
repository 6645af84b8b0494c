// Forbids itself to gain executable memory, and replaces itself by the command of its arguments.
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif

int main(int count, char** arguments) {
  if (count < 2 || prctl(PR_SET_MDWE, 1, 0, 0, 0) != 0) return 2;
  execvp(arguments[1], arguments + 1);
  return 3;
}
