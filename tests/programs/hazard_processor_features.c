// hazard: 2.8 2.9 2.10
// Hazard: what the processor and the kernel say of themselves: cpuid, xgetbv, rdpid, rdtscp,
// protection keys, shadow stacks (off: their instructions are nops), endbr. Nothing may be hidden
// or added.
#include <asm/prctl.h>
#include <cpuid.h>

#include "hazard.h"

static sigjmp_buf back;
static void on_fault(int signal) {
  siglongjmp(back, signal);
}

int main(void) {
  handle(SIGILL, on_fault, SA_NODEFER);
  handle(SIGSEGV, on_fault, SA_NODEFER);
  unsigned long sum = 0;
  unsigned a, b, c, d, highest = __get_cpuid_max(0, NULL);
  for (unsigned leaf = 0; leaf <= highest && leaf < 64; ++leaf) {
    for (unsigned sub = 0; sub < 4; ++sub) {
      __cpuid_count(leaf, sub, a, b, c, d);
      if (leaf == 1) b &= 0xffffff;            // the APIC's number
      if (leaf == 0xb || leaf == 0x1f) d = 0;  // that too
      if (leaf == 0xd && sub == 1) b = 0;      // the size of what is in use
      sum = sum * 31 + a, sum = sum * 31 + b, sum = sum * 31 + c, sum = sum * 31 + d;
    }
  }
  printf("cpuid %lx\n", sum);
  __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
  printf("xcr0 %x %x\n", a, d);
  if (sigsetjmp(back, 1) == 0) {
    // Which components are in use differs: only that it can be asked.
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(1));
    printf("xinuse\n");
  } else {
    printf("no xinuse\n");
  }
  if (sigsetjmp(back, 1) == 0) {
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(7));
    printf("xcr7\n");
  } else {
    printf("no xcr7\n");
  }
  int ordered = 1;
  unsigned long before = 0;
  for (int i = 0; i < 1000; ++i) {
    unsigned long low, high, aux;
    __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(aux));
    ordered &= (high << 32 | low) > before && (aux & 0xfff) < 4096;
    before = high << 32 | low;
  }
  printf("rdtscp %d\n", ordered);
  if (sigsetjmp(back, 1) == 0) {
    unsigned long cpu;
    __asm__ volatile("rdpid %0" : "=r"(cpu));
    printf("rdpid %d\n", (cpu & 0xfff) < 1024);
  } else {
    printf("no rdpid\n");
  }
  // Shadow stacks are off.
  unsigned long ssp = 0x1234;
  __asm__ volatile("rdsspq %0; endbr64; endbr32" : "+r"(ssp));
  printf("rdsspq %lx\n", ssp);
  unsigned half = 0x1234;
  __asm__ volatile("rdsspd %0" : "+r"(half));
  printf("rdsspd %x\n", half);
  printf("incsspq: signal %d\n", ({
           int signal = sigsetjmp(back, 1);
           if (signal == 0) __asm__ volatile("incsspq %0" ::"r"(1ul));
           signal;
         }));
  for (int code = 0x5001; code <= 0x5006; ++code) {
    const long result = syscall(SYS_arch_prctl, code, 1);
    printf("arch_prctl %x: %ld %s\n", code, result, result < 0 ? strerrorname_np(errno) : "");
  }
  // Protection keys.
  const long key = syscall(SYS_pkey_alloc, 0, 0);
  printf("pkey_alloc %s\n", key < 0 ? strerrorname_np(errno) : "works");
  if (key >= 0) {
    unsigned rights = 0;
    __asm__ volatile("rdpkru" : "=a"(rights), "=d"(d) : "c"(0));
    __asm__ volatile("wrpkru" ::"a"(rights), "c"(0), "d"(0));
  } else {
    printf("wrpkru: signal %d\n", ({
             int signal = sigsetjmp(back, 1);
             if (signal == 0) __asm__ volatile("wrpkru" ::"a"(0), "c"(0), "d"(0));
             signal;
           }));
  }
  void* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("pkey_mprotect %ld\n", syscall(SYS_pkey_mprotect, page, 4096, PROT_READ, -1));
  printf("pkey_mprotect %ld\n", syscall(SYS_pkey_mprotect, page, 4096, PROT_READ, 5));
  printf("pkey_free %ld\n", syscall(SYS_pkey_free, 3));
  for (int command = 0; command < 10; ++command) {
    printf("membarrier %d: %ld\n", command,
           syscall(SYS_membarrier, command ? 1 << command : 0, 0, 0));
  }
  unsigned char table[10] = {0};
  __asm__ volatile("sgdt %0" : "=m"(table));
  __asm__ volatile("sidt %0" : "=m"(table));
  unsigned long word = ~0ul;
  __asm__ volatile("smsw %0" : "+r"(word));
  printf("smsw %lx\n", word);
  printf("sldt: signal %d\n", ({
           int signal = sigsetjmp(back, 1);
           if (signal == 0) __asm__ volatile("sldt %0" : "+r"(word));
           signal;
         }));
  __asm__ volatile("serialize" ::: "memory");
  return 0;
}
