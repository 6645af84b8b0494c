// build: -pthread
// hazard: 2.7 2.4
// Hazard: addresses of 32 bits through the program's own gs that only the instruction itself
// computes: string instructions, bit offsets, scaled displacements, vector indices, movdir64b. They
// wrap at 4 GiB before the base is added, fault in the middle, step, are interrupted and stepped
// through; in a handler fs is the program's.
#include <asm/prctl.h>
#include <cpuid.h>

#include "hazard.h"

enum { kPage = 4096, kTrap = 0x100, kDown = 0x400, kResume = 0x10000 };

static const unsigned long kFourGib = 1ul << 32;
static unsigned char* base;  // of gs: 4 GiB, of which a few pages are mapped
static unsigned char* low;   // for es:[edi]
static sigjmp_buf back;
static __thread long thread_local_number = 77;

struct registers {
  unsigned long ax, cx, dx, si, di, flags;
};

static void show(const struct registers* r) {
  printf(" ax %lx cx %lx dx %lx si %lx di %lx flags %lx", r->ax, r->cx, r->dx, r->si, r->di,
         r->flags & ~(unsigned long)(kResume | kTrap));
}

static unsigned long sum(const unsigned char* from, unsigned long bytes) {
  unsigned long total = 0;
  for (unsigned long i = 0; i < bytes; ++i) total = total * 31 + from[i];
  return total;
}

static void on_fault(int signal, siginfo_t* info, void* context) {
  const greg_t* at = ((ucontext_t*)context)->uc_mcontext.gregs;
  const struct registers r = {at[REG_RAX], at[REG_RCX], at[REG_RDX],
                              at[REG_RSI], at[REG_RDI], at[REG_EFL]};
  const unsigned long off = (unsigned long)info->si_addr - (unsigned long)base;
  printf("signal %d code %d trap %d error %x %s%lx", signal, info->si_code, (int)at[REG_TRAPNO],
         (unsigned)at[REG_ERR], off < 2 * kFourGib ? "base + " : "",
         off < 2 * kFourGib ? off : (unsigned long)info->si_addr);
  show(&r);
  printf(" number %ld\n", thread_local_number);
  siglongjmp(back, 1);
}

static void fill(void) {
  const unsigned long at[] = {0, 0x10000, 0x20000, 0x21000, kFourGib - kPage, kFourGib};
  for (unsigned i = 0; i < sizeof at / sizeof *at; ++i) {
    for (unsigned k = 0; k < kPage; ++k) {
      base[at[i] + k] = (unsigned char)((k * 7 + i) ^ (at[i] == 0x21000 ? 1 : 0));
    }
  }
  for (unsigned k = 0; k < 2 * kPage; ++k) low[k] = (unsigned char)(k * 7 + 1);
  const int indices[4] = {0, 0x100, 0x40, -4};
  memcpy(low + 0x1c00, indices, sizeof indices);
}

// With these registers and flags, then what it has left.
#define RUN(instruction, ...)                                                                    \
  do {                                                                                           \
    fill();                                                                                      \
    struct registers r = __VA_ARGS__;                                                            \
    printf("%s: ", instruction);                                                                 \
    if (sigsetjmp(back, 1) == 0) {                                                               \
      register unsigned long flags __asm__("r8") = r.flags;                                      \
      __asm__ volatile("push %%r8; popfq; " instruction "; pushfq; pop %%r8; push $2; popfq"     \
                       : "+a"(r.ax), "+c"(r.cx), "+d"(r.dx), "+S"(r.si), "+D"(r.di), "+r"(flags) \
                       :                                                                         \
                       : "memory", "cc", "r14", "r15", "xmm0", "xmm1", "xmm2");                  \
      r.flags = flags;                                                                           \
      show(&r);                                                                                  \
      puts("");                                                                                  \
    }                                                                                            \
    printf("  sums %lx %lx %lx\n", sum(low, 2 * kPage), sum(base + 0x10000, kPage),              \
           sum(base, 64));                                                                       \
  } while (0)

static const unsigned long kUpper = 0xabcd123400000000;  // of no consequence, and lost or not

static struct registers from_to(unsigned long si, unsigned long di, unsigned long cx, int flags) {
  return (struct registers){0x1122334455667788, kUpper | cx, 5,
                            kUpper | si,        kUpper | di, 0x202 | flags};
}

#define LOW(offset) ((unsigned long)low + (offset))
#define STRING(text) ".byte 0x65, 0x67; " text

static void strings(int flags) {
  RUN(STRING("lodsb"), from_to(0x10800, LOW(0), 3, flags));
  RUN(STRING("lodsw"), from_to(0x10800, LOW(0), 3, flags));
  RUN(STRING("lodsl"), from_to(0x10800, LOW(0), 3, flags));
  RUN(STRING("lodsq"), from_to(0x10800, LOW(0), 3, flags));
  RUN(STRING("movsb"), from_to(0x10800, LOW(8), 3, flags));
  RUN(STRING("movsq"), from_to(0x10800, LOW(8), 3, flags));
  RUN(STRING("cmpsb"), from_to(0x10800, LOW(0x800), 3, flags));
  RUN(STRING("cmpsl"), from_to(0x10801, LOW(0x800), 3, flags));
  RUN(STRING("rep lodsq"), from_to(0x10800, LOW(0), 12, flags));
  RUN(STRING("rep movsb"), from_to(0x10800, LOW(0x900), 300, flags));
  RUN(STRING("rep movsl"), from_to(0x10800, LOW(0x900), 30, flags));
  RUN(STRING("repe cmpsb"), from_to(0x10800, LOW(0x800), 30, flags));
  RUN(STRING("repne cmpsw"), from_to(0x10801, LOW(0x800), 30, flags));
  // None at all.
  RUN(STRING("rep movsb"), from_to(0x10800, LOW(0x900), 0, flags));
  RUN(STRING("repe cmpsb"), from_to(0x30000, LOW(0x900), 0, flags));
  // Over the edge of what is mapped: of the source, of the destination.
  const volatile int down = (flags & kDown) != 0;
  const volatile unsigned long edge = down ? 0x10000 + 40 : 0x11000 - 48;
  RUN(STRING("rep movsb"), from_to(edge, LOW(0x900), 300, flags));
  RUN(STRING("rep movsq"), from_to(edge, LOW(0x900), 300, flags));
  RUN(STRING("rep lodsl"), from_to(edge, LOW(0x900), 300, flags));
  RUN(STRING("rep movsl"), from_to(edge + 2, LOW(0x900), 300, flags));
  RUN(STRING("repe cmpsb"), from_to(edge, LOW(edge & 0xfff), 300, flags));
  RUN(STRING("lodsl"), from_to(0x30000, LOW(0), 3, flags));
  RUN(STRING("rep movsb"), from_to(0x10800, LOW(down ? 40 : 2 * kPage - 48), 300, flags));
  RUN(STRING("rep movsw"), from_to(0x10800, LOW(down ? 40 : 2 * kPage - 47), 300, flags));
  // Around 4 GiB, and an element across it.
  const volatile unsigned long wrap = down ? 16 : 0xfffffff0;
  RUN(STRING("lodsb"), from_to(0xffffffff, LOW(0), 3, flags));
  RUN(STRING("lodsb"), from_to(0, LOW(0), 3, flags));
  RUN(STRING("rep movsb"), from_to(wrap, LOW(0x900), 33, flags));
  RUN(STRING("rep movsq"), from_to(wrap, LOW(0x900), 5, flags));
  RUN(STRING("rep movsl"), from_to(wrap + 2, LOW(0x900), 9, flags));
  RUN(STRING("repne cmpsb"), from_to(wrap, LOW(0x900), 40, flags));
  RUN(STRING("rep movsb"), from_to(0x10800, down ? 16 : 0xfffffff0, 64, flags));
}

#define BITS(bit, at) \
  ((struct registers){0, kUpper | (at), (unsigned long)(long)(bit), 0, 0, 0x202})

static void bits(void) {
  RUN("bt %%edx, %%gs:(%%ecx)", BITS(77, 0x10100));
  RUN("bts %%edx, %%gs:(%%ecx)", BITS(-77, 0x10100));
  RUN("btr %%rdx, %%gs:(%%ecx)", BITS(-0x100000, 0x100));  // below 0
  RUN("btc %%edx, %%gs:(%%ecx)", BITS(-1, 0));
  RUN("btc %%dx, %%gs:(%%ecx)", BITS(-1, 0));
  RUN("bts %%rdx, %%gs:(%%ecx)", BITS(0x880, 0xffffff00));  // above 4 GiB
  RUN("lock bts %%rdx, %%gs:(%%ecx)", BITS(0x880, 0xffffff00));
  RUN("btr %%edx, %%gs:8(%%ecx)", BITS(0x7fffffff, 0x30000));
  RUN("bts %%rdx, %%gs:(%%ecx)", BITS(1l << 40 | 5, 0x10100));
  RUN("btl $5, %%gs:(%%ecx)", BITS(0, 0x10100));
  RUN("mov %%rcx, %%r15; bts %%rdx, %%gs:(%%r15d)", BITS(0x880, 0xffffff00));
  RUN("mov %%rdx, %%r15; bts %%r15, %%gs:(%%ecx)", BITS(0x880, 0xffffff00));
  RUN("mov %%rdx, %%r15; mov %%rcx, %%r14; btc %%r14, %%gs:16(%%r15d)", BITS(0x10000, 0x880));
}

// Their indices are at si.
#define AT(ax) \
  ((struct registers){kUpper | (ax), kUpper | 0xffffff00, 0, LOW(0x1c00), LOW(0x100), 0x202})

static void vectors(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) {
#define GATHER                  \
  "vmovdqu (%%rsi), %%xmm2\n\t" \
  "vpcmpeqd %%xmm1, %%xmm1, %%xmm1\n\tvpgatherdd %%xmm1, %%gs:"
    RUN(GATHER "(%%eax,%%xmm2), %%xmm0; vmovdqu %%xmm0, (%%rdi)", AT(0x10140));
    RUN(GATHER "(%%eax,%%xmm2), %%xmm0; vmovdqu %%xmm0, (%%rdi)", AT(0xffffff00));
    RUN(GATHER "16(%%eax,%%xmm2), %%xmm0; vmovdqu %%xmm0, (%%rdi)", AT(0x30100));
    RUN("mov %%rax, %%r15; " GATHER "(%%r15d,%%xmm2), %%xmm0; vmovdqu %%xmm0, (%%rdi)",
        AT(0x10140));
  }
  if (__builtin_cpu_supports("avx512f")) {
#define ZMM "vmovdqu64 %%gs:"
    RUN(ZMM "64(%%eax), %%zmm1; vmovdqu64 %%zmm1, (%%edi)", AT(0x10140));
    RUN(ZMM "0x100(%%eax), %%zmm1; vmovdqu64 %%zmm1, (%%edi)", AT(0xffffff00));
    RUN(ZMM "-64(%%eax), %%zmm1; vmovdqu64 %%zmm1, (%%edi)", AT(0));
    RUN(ZMM "64(%%eax,%%ecx), %%zmm1; vmovdqu64 %%zmm1, (%%edi)", AT(0x10140));
    RUN("mov %%rax, %%r15; " ZMM "64(%%r15d), %%zmm1; vmovdqu64 %%zmm1, (%%edi)", AT(0xffffffc0));
    RUN(ZMM "64(%%eax), %%zmm1; vmovdqu64 %%zmm1, (%%edi)", AT(0x30000));
    __asm__ volatile("vzeroupper");
  }
  unsigned a, b, c = 0, d;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (c >> 28 & 1) != 0) {
    RUN("movdir64b %%gs:(%%eax), %%edi; mfence", AT(0x10140));
    RUN("movdir64b %%gs:0x100(%%eax), %%edi; mfence", AT(0xffffff00));
    RUN("mov %%rdi, %%r15; movdir64b %%gs:(%%eax), %%r15d; mfence", AT(0x10140));
    RUN("movdir64b %%gs:(%%eax), %%edi; mfence", AT(0x30100));
  }
}

static void set_gs(unsigned long to) {
  syscall(SYS_arch_prctl, ARCH_SET_GS, to);
}

// Not canonical.
static void beyond(void) {
  set_gs(0x7fffff000000);
  RUN(STRING("rep movsb"), from_to(0x80000000, LOW(0), 3, 0));
  RUN("bt %%edx, %%gs:(%%ecx)", BITS(77, 0x80000000));
  set_gs((unsigned long)base);
}

static volatile long steps;

static void on_step(int signal) {
  (void)signal;
  steps += thread_local_number == 77;
}

static void stepped(void) {
  handle(SIGTRAP, on_step, 0);
  steps = 0;
  RUN(STRING("lodsb"), from_to(0x10800, LOW(0), 3, kTrap));
  printf("steps %ld\n", steps);
  RUN(STRING("rep movsb"), from_to(0x10800, LOW(0), 9, kTrap));
  printf("steps %ld\n", steps);
  RUN("mov %%rcx, %%r15; bts %%rdx, %%gs:(%%r15d)",
      ((struct registers){0, 0xffffff00, 0x880, 0, 0, 0x202 | kTrap}));
  printf("steps %ld\n", steps);
}

static volatile long alarms, strange;

static void on_alarm(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info;
  const greg_t* at = ((ucontext_t*)context)->uc_mcontext.gregs;
  alarms += 1;
  strange += thread_local_number != 77;
  if (*(unsigned char*)at[REG_RIP] == 0x65) {
    const unsigned long left = (unsigned)at[REG_RCX];
    strange += left > kPage || (unsigned)at[REG_RSI] != 0x10000 + kPage - left;
  }
}

static void interrupted(void) {
  fill();
  handle_with_info(SIGALRM, on_alarm, SA_RESTART);
  start_timer(200);
  while (alarms < 200) {
    unsigned long si = 0x10000, di = LOW(0), cx = kPage;
    __asm__ volatile(STRING("rep movsb") : "+S"(si), "+D"(di), "+c"(cx)::"memory");
    strange += cx != 0 || si != 0x10000 + kPage || di != LOW(kPage) || thread_local_number != 77;
  }
  start_timer(0);
  printf("strange %ld, the same %d\n", strange, memcmp(low, base + 0x10000, kPage) == 0);
}

static void map(unsigned char* at, unsigned long bytes) {
  void* got =
      mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (got != at) exit(2);
}

int main(void) {
  low = (unsigned char*)0x15550000;
  map(low, 2 * kPage);
  map((unsigned char*)0xfffff000ul, kPage);
  base =
      mmap(NULL, kFourGib + 0x10000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return 2;
  map(base, kPage);
  map(base + 0x10000, kPage);
  map(base + 0x20000, 2 * kPage);
  map(base + kFourGib - kPage, 2 * kPage);
  set_gs((unsigned long)base);
  handle_with_info(SIGSEGV, on_fault, 0);
  handle_with_info(SIGBUS, on_fault, 0);
  puts("-- up");
  strings(0);
  puts("-- down");
  strings(kDown);
  puts("-- bits");
  bits();
  puts("-- vectors");
  vectors();
  puts("-- not canonical");
  beyond();
  puts("-- stepped");
  stepped();
  puts("-- interrupted");
  interrupted();
  return 0;
}
