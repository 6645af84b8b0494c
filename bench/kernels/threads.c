// A fixed amount of work divided among threads that all exist at once: threads COUNT FACTOR. How
// long the work took, without making the threads, is said on standard error; the process stays a
// moment longer, so that its peak of memory can be read.
#include <pthread.h>
#include <time.h>

#include "kernel.h"

struct share {
  pthread_barrier_t* begin;
  pthread_barrier_t* end;
  uint64_t rounds;
  uint64_t result;
};

NOINLINE static uint64_t leaf(uint64_t x) {
  return (x ^ (x >> 7)) + 0x9e37;
}

// Calls and branches of which half are hard to predict.
NOINLINE static uint64_t mix(uint64_t x, uint64_t rounds) {
  for (; rounds > 0; --rounds) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    if (x & ((uint64_t)1 << 40)) x = leaf(x);
    if ((rounds & 3) == 0) x ^= leaf(rounds);
  }
  return x;
}

static void* thread_main(void* argument) {
  struct share* share = argument;
  pthread_barrier_wait(share->begin);
  share->result = mix(share->rounds, share->rounds);
  pthread_barrier_wait(share->end);
  return NULL;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char** argv) {
  const unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
  const uint64_t rounds = work(argc - 1, argv + 1, 1e8) / count + 1;
  pthread_t* threads = calloc(count, sizeof *threads);
  struct share* shares = calloc(count, sizeof *shares);
  if (threads == NULL || shares == NULL) abort();
  pthread_barrier_t begin, end;
  pthread_barrier_init(&begin, NULL, count + 1);
  pthread_barrier_init(&end, NULL, count + 1);
  for (unsigned i = 0; i < count; ++i) {
    shares[i] = (struct share){&begin, &end, rounds + i, 0};
    if (pthread_create(&threads[i], NULL, thread_main, &shares[i]) != 0) abort();
  }
  const double start = now();  // before the others can have begun
  pthread_barrier_wait(&begin);
  pthread_barrier_wait(&end);
  fprintf(stderr, "threads: worked %.6f s\n", now() - start);
  uint64_t sum = 0;
  for (unsigned i = 0; i < count; ++i) {
    pthread_join(threads[i], NULL);
    sum = sum * 31 + shares[i].result;
  }
  nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  return report(sum);
}
