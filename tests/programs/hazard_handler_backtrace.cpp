// build: -fnon-call-exceptions -fasynchronous-unwind-tables -pthread
// hazard: 4.9
// Hazard: from a handler, on the stack, on an alternate one and in a thread with the least stack,
// backtrace() walks through the frame to the function that was interrupted and on to main; an
// exception that a handler throws is caught behind the faulting load, with destructors on the way.
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#include <cstdint>
#include <cstdio>

namespace {

char stack[65536];

void handle(int signal, void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = flags | SA_SIGINFO;
  sigaction(signal, &action, nullptr);
}

[[gnu::noinline]] int faulting(volatile int* address) {
  const int value = *address;
  return value + 1;
}
[[gnu::noinline]] int caller(volatile int* address) {
  const int value = faulting(address);
  return value + 2;
}

bool within(const void* pc, const void* function) {
  const auto offset = reinterpret_cast<uintptr_t>(pc) - reinterpret_cast<uintptr_t>(function);
  return offset < 64;
}

void walk(int, siginfo_t*, void* context) {
  void* pcs[32];
  const int count = backtrace(pcs, 32);
  auto* uc = static_cast<ucontext_t*>(context);
  int faulting_at = -1, caller_at = -1;
  for (int i = 0; i < count; ++i) {
    if (faulting_at < 0 && within(pcs[i], reinterpret_cast<void*>(&faulting))) faulting_at = i;
    if (caller_at < 0 && within(pcs[i], reinterpret_cast<void*>(&caller))) caller_at = i;
  }
  printf("%d frames, faulting %d, caller %d, pc is the frame's %d\n", count, faulting_at, caller_at,
         faulting_at >= 0 &&
             pcs[faulting_at] == reinterpret_cast<void*>(uc->uc_mcontext.gregs[REG_RIP]));
  uc->uc_mcontext.gregs[REG_RIP] += 2;
}

struct Destroyed {
  const char* name;
  ~Destroyed() { printf("destroyed %s\n", name); }
};

struct Fault {
  void* address;
};

void throws(int signal, siginfo_t* info, void*) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  throw Fault{info->si_addr};
}

[[gnu::noinline]] int guarded(volatile int* address) {
  const Destroyed outer{"outer"};
  try {
    const Destroyed inner{"inner"};
    return caller(address);
  } catch (const Fault& fault) {
    printf("caught a fault at %p\n", fault.address);
    return -1;
  }
}

void* in_thread(void*) {
  caller(reinterpret_cast<int*>(16));
  return nullptr;
}

}  // namespace

int main() {
  void* warm[4];
  backtrace(warm, 4);
  const stack_t alternate = {stack, 0, sizeof stack};
  sigaltstack(&alternate, nullptr);
  const int ways[] = {0, SA_ONSTACK};
  for (const int flags : ways) {
    handle(SIGSEGV, walk, flags);
    for (int i = 0; i < 3; ++i) caller(reinterpret_cast<int*>(16));
  }
  pthread_attr_t least;
  pthread_attr_init(&least);
  pthread_attr_setstacksize(&least, 32768);
  pthread_t thread;
  pthread_create(&thread, &least, in_thread, nullptr);
  pthread_join(thread, nullptr);
  handle(SIGSEGV, throws, 0);
  for (int i = 0; i < 3; ++i) printf("guarded %d\n", guarded(reinterpret_cast<int*>(64)));
  return 0;
}
