// hazard: 2.8
// A program that forbids itself to read the time stamp counter, and cpuid where the machine can:
// what it does then faults, in threads, children and what it executes, too; and a tracer that dates
// its records by the counter must not. build: -pthread
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static volatile sig_atomic_t faults;

static void on_fault(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info;
  ++faults;
  ((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP] += 2;  // rdtsc and cpuid are two bytes long
}

static void read_counter(void) {
  __asm__ volatile("rdtsc" : : : "eax", "edx");
}

static void ask_processor(void) {
  unsigned a = 0;
  __asm__ volatile("cpuid" : "+a"(a) : : "ebx", "ecx", "edx");
}

static void show(const char* who) {
  faults = 0;
  read_counter();
  const int by_counter = faults;
  ask_processor();
  int mode = 0;
  prctl(PR_GET_TSC, &mode);
  printf("%s: %d, %d, mode %d\n", who, by_counter, faults - by_counter, mode);
  fflush(stdout);
}

static void* thread(void* name) {
  show(name);
  return NULL;
}

static void in_thread(void) {
  pthread_t id;
  pthread_create(&id, NULL, thread, "thread");
  pthread_join(id, NULL);
}

static void in_child(char** argv, int executes) {
  const pid_t pid = fork();
  if (pid == 0) {
    show("child");
    if (executes) execl("/proc/self/exe", argv[0], "again", NULL);
    _exit(0);
  }
  int status;
  waitpid(pid, &status, 0);
  printf("status %d\n", status);
}

// Many blocks executed many times: chunks are begun and ended.
static unsigned work(unsigned n) {
  unsigned sum = 0;
  for (unsigned i = 0; i < n; ++i) sum += i % 3 == 0 ? i : i % 5 == 0 ? 2 * i : 1;
  return sum;
}

int main(int argc, char** argv) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  if (argc > 1) {
    show("executed");
    in_thread();
    printf("%u\n", work(1000));
    return 0;
  }
  show("allowed");
  prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
  syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0);
  show("forbidden");
  in_thread();
  in_child(argv, 0);
  in_child(argv, 1);
  printf("%u\n", work(3000000));
  prctl(PR_SET_TSC, PR_TSC_ENABLE);
  show("allowed");
  return 0;
}
