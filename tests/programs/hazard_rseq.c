// build: -pthread
// hazard: 3.10
// Hazard: restartable sequences. Four threads count on per-processor counters without atomic
// instructions, while a timer interrupts them and there are fewer processors than threads: the sum
// is right only if the kernel aborts every sequence that it interrupts, and none behind its last
// store. One kind of sequence has a loop in it; one keeps a value in registers that an abort must
// give back.
#include "hazard.h"

#include <sched.h>
#include <sys/rseq.h>

#define SIGNATURE "0x53053053"

struct counter {
  long value;
  char padding[120];
};
struct counter counters[256], pairs[256];
static _Thread_local long aborts;
static long all_aborts;
static volatile int ticks;

static struct rseq* area(void) {
  return (struct rseq*)((char*)__builtin_thread_pointer() + __rseq_offset);
}

// The descriptor, and what is at the abort address.
#define SECTION(number)                   \
  ".pushsection __rseq_cs, \"aw\"\n"      \
  ".balign 32\n" number                   \
  ": .long 0, 0\n"                        \
  ".quad 11f, 12f - 11f, 14f\n"           \
  ".popsection\n"                         \
  ".pushsection __rseq_failure, \"ax\"\n" \
  ".byte 0x0f, 0xb9, 0x3d\n"              \
  ".long " SIGNATURE                      \
  "\n"                                    \
  "14: jmp %l[aborted]\n"                 \
  ".popsection\n"

// 1 when it was done.
static int add(int cpu) {
  __asm__ volatile goto(
      SECTION("13")
      "lea 13b(%%rip), %%rax\n"
      "mov %%rax, %1\n"
      "11: cmp %0, %2\n"
      "jne %l[other]\n"
      "addq $1, %3\n"
      "12:\n"
      :
      : "r"(cpu), "m"(area()->rseq_cs), "m"(area()->cpu_id), "m"(counters[cpu].value)
      : "rax", "memory", "cc"
      : aborted, other);
  return 1;
aborted:
  ++aborts;
other:
  return 0;
}

// A loop inside, branches, and a last store of what was read before.
static int add_pair(int cpu) {
  long done;
  __asm__ volatile goto(
      SECTION("13")
      "lea 13b(%%rip), %%rax\n"
      "mov %%rax, %2\n"
      "11: cmp %1, %3\n"
      "jne %l[other]\n"
      "mov %4, %%r15\n"
      "mov $500, %%ecx\n"
      "15: dec %%ecx\n"
      "jne 15b\n"
      "test $1, %%r15b\n"
      "je 16f\n"
      "nop\n"
      "16: lea 1(%%r15), %0\n"
      "mov %0, %4\n"
      "12:\n"
      : "=&r"(done)
      : "r"(cpu), "m"(area()->rseq_cs), "m"(area()->cpu_id), "m"(pairs[cpu].value)
      : "rax", "rcx", "r15", "memory", "cc"
      : aborted, other);
  return 1;
aborted:
  ++aborts;
other:
  return 0;
}

// Registers that the sequence does not touch are as before when it is aborted.
static int wrong_registers;
static int watch(int cpu) {
  long ok = 0;
  register long kept __asm__("r15") = 0x1122334455667788;
  __asm__ volatile goto(
      SECTION("13")
      "mov $0x1234567, %%ebx; mov $0x2345678, %%edx; mov $0x3456789, %%esi; mov $0x456789a, %%edi\n"
      "lea 13b(%%rip), %%rax\n"
      "mov %%rax, %3\n"
      "11: cmp %1, %4\n"
      "jne %l[other]\n"
      "mov $200, %%ecx\n"
      "15: mov %%r15, %%rax\n"
      "add $0, %%r15\n"
      "dec %%ecx\n"
      "jne 15b\n"
      "mov %%r15, %2\n"
      "12:\n"
      : "+r"(kept)
      : "r"(cpu), "m"(ok), "m"(area()->rseq_cs), "m"(area()->cpu_id)
      : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "memory", "cc"
      : aborted, other);
  return 1;
aborted : {
  long b, d, s, i;
  __asm__ volatile("" : "=b"(b), "=d"(d), "=S"(s), "=D"(i));
  ++aborts;
  __atomic_fetch_add(&wrong_registers,
                     b != 0x1234567 || d != 0x2345678 || s != 0x3456789 || i != 0x456789a ||
                         kept != 0x1122334455667788,
                     __ATOMIC_RELAXED);
}
other:
  return 0;
}

enum { kRounds = 60000 };

static int here(void) {
  return (int)*(volatile unsigned*)&area()->cpu_id_start;
}

static void* run(void* unused) {
  (void)unused;
  for (int i = 0; i < kRounds; ++i) {
    while (!add(here())) {
    }
    while (!add_pair(here())) {
    }
    if (i % 16 == 0) watch(here());
  }
  __atomic_fetch_add(&all_aborts, aborts, __ATOMIC_RELAXED);
  return NULL;
}

static void on_tick(int signal) {
  (void)signal;
  ++ticks;
}

int main(void) {
  printf("registered %d\n", __rseq_size > 0);
  if (__rseq_size == 0) return 1;
  printf("here %d\n", here() == sched_getcpu() || here() == sched_getcpu());
  handle(SIGALRM, on_tick, SA_RESTART);
  start_timer(100);
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, run, NULL);
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  start_timer(0);
  long sum = 0, pair_sum = 0;
  for (int i = 0; i < 256; ++i) sum += counters[i].value, pair_sum += pairs[i].value;
  printf("sum %ld, pairs %ld, registers %d\n", sum, pair_sum, wrong_registers);

  // A signal is an abort: the counter is as before, and the handler saw the abort address.
  const pid_t child = fork();
  if (child == 0) {
    start_timer(0);
    const long before = counters[here()].value;
    for (int i = 0; i < 1000; ++i) {
      while (!add(here())) {
      }
    }
    long after = 0;
    for (int i = 0; i < 256; ++i) after += counters[i].value;
    _exit(after == sum + 1000 && before >= 0 ? 3 : 4);
  }
  printf("child %x\n", wait_for(child));
  // The kernel tells what is wrong with a registration.
  static struct rseq other __attribute__((aligned(32)));
  long result = syscall(SYS_rseq, &other, 32, 0, 0x53053053);
  printf("second registration: %ld %s\n", result, strerrorname_np(errno));
  result = syscall(SYS_rseq, area(), 32, 1, 0x1234);
  printf("unregistered with another signature: %ld %s\n", result, strerrorname_np(errno));
  if (getenv("VERBOSE")) printf("aborts %ld ticks %d\n", all_aborts, ticks);
  return 0;
}
