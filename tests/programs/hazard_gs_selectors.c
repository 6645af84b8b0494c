// hazard: 2.7
// Hazard: the program loads selectors into gs and fs, of the local descriptor table and of its own,
// reads them back, reads and writes through them, changes the descriptor, sets the bases directly,
// and asks for the impossible. A tracer that needs a segment register for itself must keep its own
// out of sight.
#include <asm/ldt.h>
#include <asm/prctl.h>

#include "hazard.h"

static char data[2][64] __attribute__((aligned(64))) = {"first segment", "second one here"};
static sigjmp_buf back;
static volatile int faults;
static unsigned long fault_pc;

static void on_fault(int signal, siginfo_t* info, void* context) {
  (void)info;
  ++faults;
  fault_pc = (unsigned long)((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP];
  siglongjmp(back, signal);
}

static char* low;

static int set_entry(unsigned number, void* base, int present) {
  struct user_desc d = {.entry_number = number,
                        .limit = 0xfffff,
                        .seg_32bit = 1,
                        .limit_in_pages = 1,
                        .useable = 1,
                        .seg_not_present = !present};
  d.base_addr = (unsigned)(unsigned long)base;
  return (int)syscall(SYS_modify_ldt, 0x11, &d, sizeof d);
}

static void load(unsigned short selector) {
  __asm__ volatile("mov %0, %%gs" ::"r"(selector));
}
static unsigned stored(void) {
  unsigned selector;
  __asm__ volatile("mov %%gs, %0" : "=r"(selector));
  return selector;
}
static unsigned long base(void) {
  unsigned long b;
  __asm__ volatile("rdgsbase %0" : "=r"(b));
  return b;
}
// 1 in place of an address that depends on where things are.
static unsigned long shown(unsigned long b) {
  return b == (unsigned long)low ? 1 : b;
}
static char at(long offset) {
  char c;
  __asm__ volatile("movb %%gs:(%1), %0" : "=q"(c) : "r"(offset));
  return c;
}
static void try_to(const char* what, void (*action)(void)) {
  faults = 0;
  const int signal = sigsetjmp(back, 1);
  if (signal == 0) action();
  printf("%s: signal %d, gs %x base %lx\n", what, signal, stored(), shown(base()));
}
static void load_kernel(void) {
  load(0x10);
}
static void load_beyond(void) {
  load(0xfff8);
}
static void load_absent(void) {
  load(0x17);
}
static void load_code(void) {
  load(0x33);
}
static void write_odd_base(void) {
  __asm__ volatile("wrgsbase %0" ::"r"(0x8000000000000000ul));
}
static void write_odd_fs_base(void) {
  __asm__ volatile("wrfsbase %0" ::"r"(0x0000800000000000ul));
}
static void load_from_nowhere(void) {
  __asm__ volatile("movw 16, %gs");
}

static void* thread(void* unused) {
  (void)unused;
  printf("a new thread: gs %x base %lx\n", stored(), shown(base()));
  return NULL;
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  handle_with_info(SIGSEGV, on_fault, SA_NODEFER);
  handle_with_info(SIGBUS, on_fault, SA_NODEFER);
  low = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  memcpy(low, data[0], 64);
  memcpy(low + 4096, data[1], 64);
  printf("at the start: gs %x base %lx\n", stored(), shown(base()));
  if (set_entry(0, low, 1) != 0) return printf("no local descriptor table\n"), 0;
  set_entry(1, low + 4096, 1);
  set_entry(2, low, 0);

  load(7);
  printf("mov: gs %x base right %d reads %c\n", stored(), base() == (unsigned long)low, at(0));
  // The base stays what was loaded when the descriptor changes.
  set_entry(0, low + 4096, 1);
  printf("changed: reads %c\n", at(0));
  load(7);
  printf("loaded anew: reads %c\n", at(0));
  set_entry(0, low, 1);
  __asm__ volatile("push $15; pop %gs");
  printf("pop: gs %x reads %c\n", stored(), at(0));
  static struct __attribute__((packed)) {
    unsigned long offset;
    unsigned short selector;
  } pointer = {0x1234567890, 7};
  unsigned long offset = ~0ul;
  __asm__ volatile("rex.w lgs %1, %k0" : "=&a"(offset) : "m"(pointer));
  printf("lgs: %lx gs %x reads %c\n", offset, stored(), at(0));
  static struct __attribute__((packed)) {
    unsigned offset;
    unsigned short selector;
  } pointer32 = {0x87654321, 15};
  __asm__ volatile("lgs %1, %k0" : "+r"(offset) : "m"(pointer32));
  printf("lgs: %lx gs %x reads %c\n", offset, stored(), at(0));
  static unsigned short in_memory = 7;
  __asm__ volatile("mov %0, %%gs" ::"m"(in_memory));
  printf("from memory: gs %x reads %c\n", stored(), at(0));

  // Many ways through the segment.
  char c[32] = {0};
  const char* from = (const char*)2;
  char* to = c;
  long n = 5;
  __asm__ volatile("rep movsb %%gs:(%0), (%1)" : "+S"(from), "+D"(to), "+c"(n)::"memory");
  printf("rep movs: %s, rsi %ld, rcx %ld\n", c, (long)from, n);
  long al = 0;
  from = (const char*)6;
  __asm__ volatile("lodsb %%gs:(%1), %%al" : "+a"(al), "+S"(from));
  printf("lods: %c, rsi %ld\n", (char)al, (long)from);
  from = (const char*)0;
  to = low;
  n = 64;
  __asm__ volatile("repe cmpsb (%1), %%gs:(%0)" : "+S"(from), "+D"(to), "+c"(n)::"cc", "memory");
  printf("repe cmps: rcx %ld rsi %ld\n", n, (long)from);
  from = (const char*)5;
  __asm__ volatile("std; lodsb %%gs:(%1), %%al; cld" : "+a"(al), "+S"(from));
  printf("lods backwards: %c, rsi %ld\n", (char)al, (long)from);
  load(15);
  from = (const char*)3;
  to = c;
  __asm__ volatile("movsl %%gs:(%0), (%1)" : "+S"(from), "+D"(to)::"memory");
  printf("movs: %.4s\n", c);
  // A string instruction that runs into a page without access in its middle.
  char* pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(pages + 4096, 4096, PROT_NONE);
  syscall(SYS_arch_prctl, ARCH_SET_GS, pages);
  printf("arch_prctl: gs %x base right %d\n", stored(), base() == (unsigned long)pages);
  if (sigsetjmp(back, 1) == 0) {
    from = (const char*)4092;
    to = c;
    n = 9;
    __asm__ volatile("rep movsb %%gs:(%0), (%1)" : "+S"(from), "+D"(to), "+c"(n)::"memory");
  }
  printf("faulted %d\n", faults);

  load(0);
  printf("null: gs %x base %lx\n", stored(), shown(base()));
  load(3);
  // What is read back depends on whether an interrupt has come since.
  printf("null, privilege 3: base %lx\n", shown(base()));
  load(0x2b);
  printf("data: gs %x base %lx\n", stored(), shown(base()));
  try_to("of the kernel", load_kernel);
  try_to("beyond the table", load_beyond);
  try_to("absent", load_absent);
  try_to("code", load_code);
  try_to("from nowhere", load_from_nowhere);
  syscall(SYS_arch_prctl, ARCH_SET_GS, low);
  try_to("odd base", write_odd_base);
  try_to("odd fs base", write_odd_fs_base);
  printf("odd by arch_prctl: %ld\n", syscall(SYS_arch_prctl, ARCH_SET_GS, 0x8000000000000000ul));
  printf("largest: %ld\n", syscall(SYS_arch_prctl, ARCH_SET_GS, 0x00007ffffffff000ul));
  unsigned long got = 0;
  printf("get: %ld", syscall(SYS_arch_prctl, ARCH_GET_GS, &got));
  printf(" %lx, nowhere: %ld\n", shown(got), syscall(SYS_arch_prctl, ARCH_GET_GS, 16));
  syscall(SYS_arch_prctl, ARCH_SET_GS, low);
  for (long i = 0; i < 100000; ++i) {
    __asm__ volatile("wrgsbase %0" ::"r"(low + i % 4096));
    if (base() != (unsigned long)low + (unsigned long)i % 4096) return printf("base %ld\n", i), 1;
  }
  unsigned long whole;
  __asm__ volatile("wrgsbase %1; mov $-1, %0; rdgsbase %k0" : "=&r"(whole) : "r"(0x123456789aul));
  printf("32 bits read: %lx\n", whole);
  __asm__ volatile("wrgsbase %k1; rdgsbase %0" : "=r"(whole) : "r"(0x123456789aul));
  printf("32 bits written: %lx\n", whole);
  load(7);
  pthread_t id;
  pthread_create(&id, NULL, thread, NULL);
  pthread_join(id, NULL);
  const pid_t child = fork();
  if (child == 0) {
    printf("a child: gs %x reads %c\n", stored(), at(0));
    _exit(0);
  }
  wait_for(child);
  for (int code = 0x1001; code <= 0x1005; ++code) {
    if (code == ARCH_SET_FS || code == ARCH_SET_GS) continue;
    got = 0;
    printf("arch_prctl %x: %ld\n", code, syscall(SYS_arch_prctl, code, &got));
  }
  for (int code = 0x5001; code <= 0x5005; ++code) {
    printf("arch_prctl %x: %ld %d\n", code, syscall(SYS_arch_prctl, code, 1), errno);
  }
  return 0;
}
