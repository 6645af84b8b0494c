// What the hazard programs share: handlers, storms of signals, and waiting that no signal disturbs.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static inline void handle(int signal, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigaction(signal, &action, NULL);
}

static inline void handle_with_info(int signal, void (*handler)(int, siginfo_t*, void*),
                                    int flags) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO};
  sigaction(signal, &action, NULL);
}

// SIGALRM every so many microseconds; 0 for no more.
static inline void start_timer(int interval_us) {
  const struct itimerval timer = {{0, interval_us}, {0, interval_us}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

// The status of a child, as waitpid gives it.
static inline int wait_for(pid_t child) {
  int status = -1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// A thread that sends one signal to the thread that started it, again and again.
struct storm {
  pthread_t sender, target;
  int signal;
  volatile int over;
};

static inline void* send_storm(void* argument) {
  struct storm* storm = argument;
  while (!storm->over) pthread_kill(storm->target, storm->signal);
  return NULL;
}

static inline void start_storm(struct storm* storm, int signal) {
  *storm = (struct storm){.target = pthread_self(), .signal = signal};
  pthread_create(&storm->sender, NULL, send_storm, storm);
}

static inline void stop_storm(struct storm* storm) {
  storm->over = 1;
  pthread_join(storm->sender, NULL);
}

// A line of /proc/self/status that is a number of KiB; -1 when there is none.
static inline long status_kib(const char* field) {
  FILE* status = fopen("/proc/self/status", "r");
  char line[256];
  long value = -1;
  while (fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, field, strlen(field)) == 0) value = atol(line + strlen(field) + 1);
  }
  fclose(status);
  return value;
}

// The program's own gs base, which is 0 until it sets one. Natively executed code of a traced
// program would see the tracer's.
static inline unsigned long gs_base(void) {
  unsigned long base;
  __asm__ volatile("rdgsbase %0" : "=r"(base));
  return base;
}
