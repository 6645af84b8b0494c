// build: -pthread
// modes: no-trust (code is changed after it was believed)
// hazard: 6.7 5.2 3.7
// Hazard: membarrier in earnest: a lock whose fast side has no barrier of its own, code changed
// through a second mapping and made visible with the barrier that serialises the other threads'
// processors, and which registrations survive fork and execve.
#include "hazard_code.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <stdatomic.h>

static long barrier(int command) {
  const long result = syscall(SYS_membarrier, command, 0, 0);
  return result < 0 ? -errno : result;
}

// --- Dekker's lock: the fast side orders its store and load by a compiler barrier only ---

static volatile int fast_wants, slow_wants, inside, over;
static volatile long both;

static void* fast_side(void* unused) {
  (void)unused;
  while (!over) {
    fast_wants = 1;
    atomic_signal_fence(memory_order_seq_cst);
    if (!slow_wants) {
      both += inside;
      atomic_signal_fence(memory_order_seq_cst);
    }
    fast_wants = 0;
  }
  return NULL;
}

static void take_slow_side(int command) {
  over = 0;
  pthread_t fast;
  pthread_create(&fast, NULL, fast_side, NULL);
  for (int i = 0; i < 500; ++i) {
    slow_wants = 1;
    barrier(command);
    while (fast_wants) sched_yield();
    inside = 1;
    atomic_signal_fence(memory_order_seq_cst);
    inside = 0;
    atomic_thread_fence(memory_order_seq_cst);
    slow_wants = 0;
  }
  over = 1;
  pthread_join(fast, NULL);
  printf("both inside: %ld\n", both);
}

// --- Code changed while another thread waits to call it ---

static char *writable, *executable;
static volatile int ready, done;

static void* caller(void* unused) {
  (void)unused;
  long wrong = 0;
  for (int round = 1; round <= 300; ++round) {
    while (ready < round) sched_yield();
    wrong += call(executable) != round;
    done = round;
  }
  return (void*)wrong;
}

static void change_code(void) {
  const int file = memfd_create("code", 0);
  if (ftruncate(file, kPage) != 0) return;
  writable = map_file(file, PROT_READ | PROT_WRITE, MAP_SHARED);
  executable = map_file(file, PROT_READ | PROT_EXEC, MAP_SHARED);
  pthread_t thread;
  pthread_create(&thread, NULL, caller, NULL);
  for (int round = 1; round <= 300; ++round) {
    put_function(writable, round);
    barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE);
    ready = round;
    while (done < round) sched_yield();
  }
  void* wrong = NULL;
  pthread_join(thread, &wrong);
  printf("stale calls: %ld\n", (long)wrong);
}

// --- Registrations ---

static const int kExpedited[] = {MEMBARRIER_CMD_GLOBAL_EXPEDITED, MEMBARRIER_CMD_PRIVATE_EXPEDITED,
                                 MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE,
                                 MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ};

static void show(const char* when) {
  printf("%s: query %lx, registrations %lx;", when, barrier(MEMBARRIER_CMD_QUERY), barrier(1 << 9));
  for (unsigned i = 0; i < 4; ++i) printf(" %ld", barrier(kExpedited[i]));
  printf("\n");
}

int main(int argc, char** argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc > 1) return show("behind execve"), 0;
  show("at first");
  printf("register: %ld %ld %ld %ld\n", barrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED),
         barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED),
         barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE),
         barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ));
  show("registered");
  take_slow_side(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
  take_slow_side(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
  change_code();
  for (int executes = 0; executes < 2; ++executes) {
    const pid_t child = fork();
    if (child == 0) {
      if (!executes) return show("in a child"), 0;
      execl(argv[0], argv[0], "again", NULL);
      _exit(99);
    }
    if (wait_for(child) != 0) return 1;
  }
  return 0;
}
