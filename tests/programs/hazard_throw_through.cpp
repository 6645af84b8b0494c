// build: -pthread -rdynamic -fnon-call-exceptions -ldl
// hazard: 1.6 4.9
// Hazard: C++ exceptions through everything: a callback of libc, code of a library that was opened
// at run time and calls back, the frame of a signal handler (a fault and a trap as exceptions), a
// thread's end by cancellation and by pthread_exit, exceptions that are handed to another thread.
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

int destroyed = 0;

struct Guard {
  ~Guard() { ++destroyed; }
};

int compare(const void*, const void*) {
  const Guard guard;
  throw std::runtime_error("from compare");
}

void through_libc() {
  int numbers[] = {3, 1, 2};
  const Guard guard;
  qsort(numbers, 3, sizeof *numbers, compare);
}

// The library's `call_back(function, depth)` calls itself, and the function at the bottom.
using Function = void (*)();
using CallBack = void (*)(Function, int);

void through_library(CallBack call_back) {
  const Guard guard;
  call_back([] { throw std::logic_error("through the library"); }, 10);
}

void handle(int signal, void (*handler)(int), int flags) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(signal, &action, nullptr);
}

void throw_it(int signal) {
  throw std::range_error("signal " + std::to_string(signal));
}

void fault() {
  const Guard guard;
  *reinterpret_cast<volatile int*>(16) = 1;
}

void divide() {
  const Guard guard;
  volatile int zero = 0;
  destroyed += 1 / zero;
}

void raise_one() {
  const Guard guard;
  raise(SIGUSR1);
}

void* wait_for_cancellation(void*) {
  const Guard guard;
  for (;;) pause();
}

void* leave(void* status) {
  const Guard guard;
  try {
    pthread_exit(status);
  } catch (...) {
    ++destroyed;
    throw;
  }
}

void cancel_and_leave() {
  pthread_t thread;
  void* status = nullptr;
  pthread_create(&thread, nullptr, wait_for_cancellation, nullptr);
  pthread_cancel(thread);
  pthread_join(thread, &status);
  printf("cancelled %d, destroyed %d\n", status == PTHREAD_CANCELED, destroyed);
  pthread_create(&thread, nullptr, leave, &destroyed);
  pthread_join(thread, &status);
  printf("left %d, destroyed %d\n", status == &destroyed, destroyed);
}

void hand_over() {
  std::exception_ptr caught;
  std::thread([&caught] {
    try {
      through_libc();
    } catch (...) {
      caught = std::current_exception();
    }
  }).join();
  std::rethrow_exception(caught);
}

template <typename Work>
void expect(const char* what, Work work) {
  try {
    work();
    printf("%s: nothing thrown\n", what);
  } catch (const std::exception& error) {
    printf("%s: caught %s, destroyed %d\n", what, error.what(), destroyed);
  }
}

CallBack open_library() {
  char path[4096] = {};
  if (readlink("/proc/self/exe", path, sizeof path - 1) < 0) return nullptr;
  const std::string program = path;
  const std::string folder = program.substr(0, program.rfind('/'));
  void* const library = dlopen((folder + "/loaded_library").c_str(), RTLD_NOW);
  if (!library) fprintf(stderr, "%s\n", dlerror());
  return library ? reinterpret_cast<CallBack>(dlsym(library, "call_back")) : nullptr;
}

}  // namespace

int main() {
  const CallBack call_back = open_library();
  if (!call_back) return 2;
  for (int signal : {SIGSEGV, SIGFPE, SIGUSR1}) handle(signal, throw_it, SA_NODEFER);
  for (int round = 0; round < 3; ++round) {
    expect("libc", through_libc);
    expect("library", [&] { through_library(call_back); });
    expect("fault", fault);
    expect("division", divide);
    expect("raise", raise_one);
    expect("thread", hand_over);
    expect("fault in a thread", [] {
      std::exception_ptr caught;
      std::thread([&caught] {
        try {
          fault();
        } catch (...) {
          caught = std::current_exception();
        }
      }).join();
      std::rethrow_exception(caught);
    });
  }
  cancel_and_leave();
  std::set_terminate([] {
    puts("terminate");
    fflush(stdout);
    _exit(5);
  });
  throw 1;
}
