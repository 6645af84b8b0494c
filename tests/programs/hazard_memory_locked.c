// hazard: 3.17
// Hazard: a program locks all its memory, now and to come. What a tracer has reserved in the same
// address space is gigabytes that must not become resident, nor count against the limit.
#include <sys/resource.h>

#include "hazard.h"

static unsigned char resident(void* address) {
  unsigned char pages = 0;
  mincore(address, 4096, &pages);
  return pages & 1;
}

int main(void) {
  printf("current %d\n", mlockall(MCL_CURRENT));
  printf("locked: %d, within reason: %d\n", status_kib("VmLck") > 500,
         status_kib("VmLck") < 100000);
  char* later = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("what comes later is not: %d\n", resident(later + 65536) == 0);

  const long before = status_kib("VmLck");
  printf("future %d\n", mlockall(MCL_CURRENT | MCL_FUTURE));
  printf("grown by the megabyte: %d\n", status_kib("VmLck") >= before + 1024);
  char* locked = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("resident at once: %d %d\n", resident(later + 65536), resident(locked + 65536));
  char* heap = sbrk(1 << 20);
  printf("heap: %d\n", resident((char*)(((uintptr_t)heap + 65536) & ~4095ul)));
  printf("within reason: %d\n", status_kib("VmRSS") < 300000);
  printf("unlock %d, locked now %ld\n", munlockall(), status_kib("VmLck"));
  char* free_again =
      mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("not any more: %d\n", resident(free_again + 65536) == 0);

  printf("on fault %d\n", mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT));
  char* on_fault = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("not resident: %d\n", resident(on_fault + 65536) == 0);
  munlockall();
  printf("bad flags %d", mlockall(0));
  printf(" %d\n", errno);
  printf("bad flags %d", mlockall(64 | MCL_CURRENT));
  printf(" %d\n", errno);
  return 0;
}
