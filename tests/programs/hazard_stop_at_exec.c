// modes: no-ticks heavy (the child is stopped while it executes, a hundred times)
// hazard: 4.6
// Hazard: a stop that comes while the program executes another one, at any moment of it. A parent
// sends SIGSTOP to children that have just been forked and execute this program anew; it is told of
// the stop, finds them stopped and not traced, and continues them; it is told of that too. Then
// they run to their end. Others are stopped and continued at once, and must not stay stopped;
// others execute what is not there. The delay walks through the time that a start takes.
#include "hazard.h"

enum { kRounds = 40, kLongest = 20 * 1000 };

static void sleep_us(long us) {
  const struct timespec time = {0, us * 1000};
  nanosleep(&time, NULL);
}

static int field_of(pid_t pid, const char* format, void* value) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE* const status = fopen(path, "r");
  int found = 0;
  while (status && fgets(line, sizeof line, status)) found |= sscanf(line, format, value) == 1;
  if (status) fclose(status);
  return found;
}

// The child goes to its end only when the pipe is closed: no stop comes too late.
static pid_t start(int gate[2], const char* program) {
  if (pipe(gate) != 0) abort();
  const pid_t child = fork();
  if (child != 0) {
    close(gate[0]);
    return child;
  }
  dup2(gate[0], 0);
  close(gate[0]);
  close(gate[1]);
  execl(program, program, "child", (char*)NULL);
  char byte;
  while (read(0, &byte, 1) < 0) continue;
  _exit(6);
}

static int end_of(pid_t child, int gate[2]) {
  close(gate[1]);
  return WEXITSTATUS(wait_for(child));
}

static void stop_and_look(const char* program, long delay, int expected) {
  int gate[2], status = 0;
  const pid_t child = start(gate, program);
  sleep_us(delay);
  kill(child, SIGSTOP);
  if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status) ||
      WSTOPSIG(status) != SIGSTOP) {
    printf("after %ld us: status %x is no stop\n", delay, status);
  }
  char state = 0;
  int tracer = -1;
  field_of(child, "State: %c", &state);
  field_of(child, "TracerPid: %d", &tracer);
  if (state != 'T' || tracer != 0) printf("after %ld us: in %c, tracer %d\n", delay, state, tracer);
  kill(child, SIGCONT);
  if (waitpid(child, &status, WCONTINUED) != child || !WIFCONTINUED(status)) {
    printf("after %ld us: status %x is not continued\n", delay, status);
  }
  const int end = end_of(child, gate);
  if (end != expected) printf("after %ld us: ended with %d\n", delay, end);
}

static void stop_and_continue(const char* program, long delay) {
  int gate[2];
  const pid_t child = start(gate, program);
  sleep_us(delay);
  kill(child, SIGSTOP);
  kill(child, SIGCONT);
  const int end = end_of(child, gate);
  if (end != 5) printf("after %ld us: ended with %d\n", delay, end);
}

int main(int argc, char** argv) {
  (void)argv;
  if (argc > 1) {
    char byte;
    while (read(0, &byte, 1) < 0) continue;
    return 5;
  }
  setvbuf(stdout, NULL, _IONBF, 0);
  for (long round = 0; round < kRounds; ++round) {
    const long delay = round * kLongest / kRounds;
    stop_and_look("/proc/self/exe", delay, 5);
    stop_and_look("/nowhere", delay / 4, 6);
    stop_and_continue("/proc/self/exe", delay);
  }
  puts("stopped and continued");
  return 0;
}
