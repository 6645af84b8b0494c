// build: -pthread -rdynamic -fno-optimize-sibling-calls -O0 -ldl
// run: setarch -R %
// hazard: 1.1 4.9
// Hazard: everything that reads return addresses: __builtin_return_address, backtrace() and
// _Unwind_Backtrace, deep in a recursion, in a callback of libc, in a thread, in a handler. The
// code in front of each address is the program's own.
#include "hazard.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <unwind.h>

static const char* name_of(void* address) {
  Dl_info info;
  return dladdr(address, &info) && info.dli_sname ? info.dli_sname : "?";
}

static const char* file_of(void* address) {
  Dl_info info;
  if (!dladdr(address, &info)) return "nowhere";
  const char* const slash = strrchr(info.dli_fname, '/');
  return slash ? slash + 1 : info.dli_fname;
}

static _Unwind_Reason_Code add_frame(struct _Unwind_Context* context, void* sum) {
  *(unsigned long*)sum =
      *(unsigned long*)sum * 31 + _Unwind_GetIP(context) * 7 + _Unwind_GetCFA(context);
  return _URC_NO_REASON;
}

void look(const char* where) {
  void* addresses[100];
  const int depth = backtrace(addresses, 100);
  unsigned long sum = 0, bytes = 0;
  _Unwind_Backtrace(add_frame, &sum);
  for (int i = 0; i < depth; ++i) bytes = bytes * 31 + *(unsigned long*)((char*)addresses[i] - 8);
  void* const caller = __builtin_return_address(0);
  printf("%s: depth %d, frames %lx, code %lx; from %s at %p in %s\n", where, depth, sum, bytes,
         name_of(caller), caller, file_of(caller));
  for (int i = 0; i < depth && i < 6; ++i) {
    printf("  %p %s %s\n", addresses[i], file_of(addresses[i]), name_of(addresses[i]));
  }
}

void recurse(int depth) {
  if (depth == 0) {
    look("recursion");
  } else {
    recurse(depth - 1);
  }
}

int compare(const void* a, const void* b) {
  static int calls;
  if (++calls == 5) look("callback");
  return *(const int*)a - *(const int*)b;
}

void handler(int signal) {
  (void)signal;
  look("handler");
}

void* thread(void* unused) {
  look("thread");
  return unused;
}

int main(void) {
  recurse(50);
  int numbers[] = {5, 3, 9, 1, 7, 2, 8};
  qsort(numbers, 7, sizeof *numbers, compare);
  handle(SIGUSR1, handler, 0);
  raise(SIGUSR1);
  handle(SIGSEGV, handler, SA_RESETHAND);
  pthread_t other;
  pthread_create(&other, NULL, thread, NULL);
  pthread_join(other, NULL);
  handle(SIGTRAP, handler, 0);
  __asm__ volatile("int3");
  return 0;
}
