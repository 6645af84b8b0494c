// soak_steady SECONDS: for as long, twenty times a second, one round of everything that makes a
// tracer allocate: new code in the same place and at another one, a thread, a child, an execve, a
// library opened and closed, signals by timer. Prints nothing; ends with status 0. Its memory must
// not grow, nor its tracer's. Natively it does not: tests/soak/soak compares.
// build: -pthread -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kFunctions = 200, kBytes = kFunctions * 16 };

static volatile sig_atomic_t ticks;
static void on_tick(int signal) {
  ticks += signal != 0;
}

static void fill(uint8_t* code, uint32_t value) {
  for (int i = 0; i < kFunctions; ++i) {
    memcpy(code + i * 16, "\xb8\0\0\0\0\xc3", 6);  // mov eax, value; ret
    memcpy(code + i * 16 + 1, &value, 4);
  }
}

static void expect_all(const uint8_t* code, uint32_t value) {
  for (int i = 0; i < kFunctions; ++i) {
    if (((uint32_t(*)(void))(uintptr_t)(code + i * 16))() != value) abort();
  }
}

static void code_in_the_same_place(uint8_t* code, uint32_t value) {
  mprotect(code, kBytes, PROT_READ | PROT_WRITE);
  fill(code, value);
  mprotect(code, kBytes, PROT_READ | PROT_EXEC);
  expect_all(code, value);
}

static void code_at_another_place(uint32_t value) {
  uint8_t* code =
      mmap(NULL, kBytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) abort();
  fill(code, value);
  expect_all(code, value);
  munmap(code, kBytes);
}

static void* thread(void* value) {
  code_at_another_place((uint32_t)(uintptr_t)value);
  return value;
}

static void child(int executes) {
  const pid_t pid = fork();
  if (pid == 0) {
    if (executes) execl("/bin/true", "true", NULL);
    _exit(executes);
  }
  int status;
  while (waitpid(pid, &status, 0) < 0) {
  }
  if (status != 0) abort();
}

int main(int argc, char** argv) {
  const time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
  struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  const struct itimerval timer = {{0, 3000}, {0, 3000}};
  setitimer(ITIMER_REAL, &timer, NULL);
  uint8_t* code = mmap(NULL, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (uint32_t round = 0; time(NULL) < end; ++round) {
    code_in_the_same_place(code, round);
    code_at_another_place(round);
    pthread_t id;
    if (pthread_create(&id, NULL, thread, (void*)(uintptr_t)round) != 0) abort();
    pthread_join(id, NULL);
    child(round % 2);
    void* library = dlopen("libm.so.6", RTLD_NOW);
    if (library == NULL || dlsym(library, "cos") == NULL || dlclose(library) != 0) abort();
    const struct timespec pause = {0, 50000000};
    nanosleep(&pause, NULL);
  }
  return ticks == 0;
}
