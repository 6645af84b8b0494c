// What the hazard programs about changing code share: functions made of bytes, and calls of them
// that may fault.
#pragma once
#include "hazard.h"

enum { kPage = 4096 };

typedef int (*function)(void);

// mov $value, %eax; ret
static inline void put_function(void* at, int value) {
  unsigned char bytes[6] = {0xb8, 0, 0, 0, 0, 0xc3};
  memcpy(bytes + 1, &value, 4);
  memcpy(at, bytes, sizeof bytes);
}

static inline int call(void* at) {
  return ((function)at)();
}

static inline void* map_pages(int pages, int protection) {
  void* at = mmap(NULL, (size_t)pages * kPage, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) _exit(99);
  return at;
}

static inline void* map_file(int file, int protection, int flags) {
  void* at = mmap(NULL, kPage, protection, flags, file, 0);
  if (at == MAP_FAILED) _exit(98);
  return at;
}

// The call's result, or minus the number of the signal that it raised.
static sigjmp_buf call_failed;
static siginfo_t call_fault;

static inline void on_call_fault(int signal, siginfo_t* info, void* context) {
  (void)context;
  call_fault = *info;
  siglongjmp(call_failed, signal);
}

__attribute__((noinline, unused)) static int try_call(void* at) {
  handle_with_info(SIGSEGV, on_call_fault, 0);
  handle_with_info(SIGBUS, on_call_fault, 0);
  handle_with_info(SIGILL, on_call_fault, 0);
  const int signal = sigsetjmp(call_failed, 1);
  return signal != 0 ? -signal : call(at);
}
