// build: -pthread
// hazard: 2.6
// Hazard: all the vector state that the processor has (AVX-512 registers and masks, AMX tiles) is
// the thread's own, across branches, signals, new threads, forks and system calls; signal frames
// hold it, handlers begin without it and may change it in the frame; the smallest alternate stack
// suffices.
#include "hazard.h"

#include <asm/prctl.h>
#include <cpuid.h>
#include <sys/auxv.h>

static int has_avx512, has_amx;
static volatile int ticks, wrong;
static unsigned long frame_bytes;

typedef struct {
  unsigned char zmm[32][64];
  unsigned long k[8];
} __attribute__((aligned(64))) vectors;

#define LOAD(n) "vmovdqu64 64*" #n "(%0), %%zmm" #n "\n"
#define STORE(n) "vmovdqu64 %%zmm" #n ", 64*" #n "(%0)\n"
#define ALL(m)                                                                                \
  m(0) m(1) m(2) m(3) m(4) m(5) m(6) m(7) m(8) m(9) m(10) m(11) m(12) m(13) m(14) m(15) m(16) \
      m(17) m(18) m(19) m(20) m(21) m(22) m(23) m(24) m(25) m(26) m(27) m(28) m(29) m(30) m(31)
#define KLOAD(n) "kmovq 2048+8*" #n "(%0), %%k" #n "\n"
#define KSTORE(n) "kmovq %%k" #n ", 2048+8*" #n "(%0)\n"
#define ALLK(m) m(0) m(1) m(2) m(3) m(4) m(5) m(6) m(7)

// Loads everything, runs through many branches, calls and a system call, stores everything.
__attribute__((noinline, target("avx512f,avx512bw"))) static void pass(const vectors* in,
                                                                       vectors* out, long rounds) {
  __asm__ volatile(
      ALL(LOAD) ALLK(KLOAD)
      "1: call 2f\n"
      "jmp 3f\n"
      "2: ret\n"
      "3: test $63, %2\n"
      "jne 4f\n"
      "mov $24, %%eax; syscall\n"
      "4: dec %2\n"
      "jne 1b\n"
      "mov %1, %0\n"
      ALL(STORE) ALLK(KSTORE)
      : "+r"(in), "+r"(out), "+r"(rounds)
      :
      : "rax", "rcx", "r11", "memory", "cc");
}

static void fill(void* memory, unsigned long bytes, unsigned seed) {
  unsigned char* p = memory;
  for (unsigned long i = 0; i < bytes; ++i)
    p[i] = (unsigned char)(seed = seed * 1664525 + 1013904223);
}

static void check_vectors(unsigned seed, int rounds) {
  vectors in, out;
  fill(&in, sizeof in, seed);
  for (int i = 0; i < rounds; ++i) {
    memset(&out, 0, sizeof out);
    pass(&in, &out, 200);
    wrong += memcmp(&in, &out, sizeof in) != 0;
  }
}

static unsigned char tile_config[64] __attribute__((aligned(64))) = {1};

static void load_tiles(const unsigned char* tiles) {
  tile_config[0] = 1;
  for (int i = 0; i < 8; ++i) tile_config[16 + 2 * i] = 64, tile_config[48 + i] = 16;
  __asm__ volatile("ldtilecfg %0" ::"m"(tile_config));
  __asm__ volatile(
      "tileloadd (%0,%1), %%tmm0\n tileloadd 1024(%0,%1), %%tmm1\n tileloadd 6144(%0,%1), %%tmm6\n"
      "tileloadd 7168(%0,%1), %%tmm7\n" ::"r"(tiles),
      "r"(64l));
}
static void store_tiles(unsigned char* tiles) {
  __asm__ volatile(
      "tilestored %%tmm0, (%0,%1)\n tilestored %%tmm1, 1024(%0,%1)\n"
      "tilestored %%tmm6, 6144(%0,%1)\n tilestored %%tmm7, 7168(%0,%1)\n" ::"r"(tiles),
      "r"(64l)
      : "memory");
}
static int differ(const unsigned char* a, const unsigned char* b) {
  return memcmp(a, b, 2048) != 0 || memcmp(a + 6144, b + 6144, 2048) != 0;
}

static void check_tiles(unsigned seed, int rounds) {
  static __thread unsigned char in[8192], out[8192];
  fill(in, sizeof in, seed);
  for (int i = 0; i < rounds; ++i) {
    memset(out, 0, sizeof out);
    load_tiles(in);
    for (volatile int k = 0; k < 300; ++k) {
    }
    if ((i & 15) == 0) sched_yield();
    store_tiles(out);
    wrong += differ(in, out);
  }
  __asm__ volatile("tilerelease");
}

__attribute__((target("avx512f,avx512bw"))) static void on_tick(int signal, siginfo_t* info,
                                                                void* context) {
  (void)signal, (void)info;
  ++ticks;
  ucontext_t* uc = context;
  unsigned size;
  memcpy(&size, (char*)uc->uc_mcontext.fpregs + 468, sizeof size);
  frame_bytes = size;
  if (has_avx512) {
    vectors v;
    memset(&v, 0x55, sizeof v);
    pass(&v, &v, 3);
  }
}

static void on_change(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info;
  // xmm3 of the interrupted code.
  memset((char*)((ucontext_t*)context)->uc_mcontext.fpregs + 160 + 16 * 3, 0x77, 16);
}

static void* thread(void* seed) {
  if (has_avx512) check_vectors((unsigned)(long)seed, 300);
  if (has_amx) check_tiles((unsigned)(long)seed, 100);
  return NULL;
}

static long on_smallest_stack;
static void on_stack(int signal) {
  volatile char here[64];
  (void)signal;
  here[0] = 1;
  on_smallest_stack = (long)&here[0];
}

int main(void) {
  unsigned a, b, c, d;
  __cpuid_count(7, 0, a, b, c, d);
  has_avx512 = (b >> 16 & 1) && (b >> 30 & 1);
  // Permission first: the frame may be larger afterwards.
  has_amx = (d >> 24 & 1) && syscall(SYS_arch_prctl, 0x1023, 18) == 0;
  printf("avx512 %d amx %d\n", has_avx512, has_amx);

  unsigned long smallest = getauxval(AT_MINSIGSTKSZ);
  printf("smallest %lu\n", smallest);
  char* memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack_t stack = {.ss_sp = memory, .ss_size = smallest + 512};
  printf("sigaltstack %d\n", sigaltstack(&stack, NULL));
  handle(SIGUSR2, on_stack, SA_ONSTACK);
  raise(SIGUSR2);
  printf("handled there %d\n", on_smallest_stack > (long)memory &&
                                   on_smallest_stack < (long)memory + (long)stack.ss_size);
  stack.ss_size = 1024;
  printf("too small %d\n", sigaltstack(&stack, NULL));
  stack.ss_flags = SS_DISABLE;
  sigaltstack(&stack, NULL);

  handle_with_info(SIGALRM, on_tick, SA_RESTART);
  handle_with_info(SIGUSR1, on_change, 0);
  start_timer(500);
  pthread_t threads[3];
  for (long i = 0; i < 3; ++i) pthread_create(&threads[i], NULL, thread, (void*)(i * 77 + 1));
  thread((void*)999l);
  for (int i = 0; i < 3; ++i) pthread_join(threads[i], NULL);
  const pid_t child = fork();
  if (child == 0) {
    thread((void*)5l);
    _exit(wrong != 0);
  }
  const int status = wait_for(child);
  printf("wrong %d, in the child %x\n", wrong, status);
  // A child has its parent's registers.
  if (has_amx) {
    static unsigned char in[8192], out[8192];
    fill(in, sizeof in, 3);
    start_timer(0);
    load_tiles(in);
    const long forked = syscall(SYS_fork);
    store_tiles(out);
    if (forked == 0) _exit(differ(in, out));
    __asm__ volatile("tilerelease");
    const int result = wait_for((pid_t)forked);
    printf("tiles after fork %d %x\n", differ(in, out), result);
  }
  while (ticks == 0) {
  }
  start_timer(0);
  printf("frame %lu\n", frame_bytes);
  unsigned char xmm[16];
  const long pid = getpid();
  __asm__ volatile(
      "pxor %%xmm3, %%xmm3\n mov $62, %%eax\n mov %1, %%rdi\n mov $10, %%esi\n syscall\n"
      "movdqu %%xmm3, %0"
      : "=m"(xmm)
      : "r"(pid)
      : "rax", "rcx", "rdi", "rsi", "r11", "xmm3", "memory");
  printf("changed in the frame %d\n", xmm[0] == 0x77 && xmm[15] == 0x77);
  return 0;
}
