// hazard: 4.3
// Hazard: what a handler is told about a fault: of data, of an instruction fetch, of a missing
// page's protection, of an address that is none, of a bad instruction.
#include "hazard.h"

int main(void);

static sigjmp_buf back;

static void tell(int signal, siginfo_t* info, void* context) {
  const greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  const char* start = (const char*)main;
  const int rip_is_code = labs((char*)registers[REG_RIP] - start) < 4096;
  const int address_is_rip = info->si_addr == (void*)registers[REG_RIP];
  printf("signal %d code %d rip %d error %lld trap %lld", signal, info->si_code, rip_is_code,
         registers[REG_ERR], registers[REG_TRAPNO]);
  if (address_is_rip && rip_is_code)
    puts(" address of the instruction");
  else
    printf(" address %lx\n", (unsigned long)info->si_addr);
  siglongjmp(back, 1);
}

int main(void) {
  const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
  for (int i = 0; i < 5; ++i) handle_with_info(signals[i], tell, 0);
  char* closed = mmap((void*)0x10000000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!sigsetjmp(back, 1)) *(volatile int*)0x1238;
  if (!sigsetjmp(back, 1)) *(volatile char*)(closed + 5) = 1;
  if (!sigsetjmp(back, 1)) ((void (*)(void))0x5000)();
  if (!sigsetjmp(back, 1)) ((void (*)(void))closed)();
  if (!sigsetjmp(back, 1)) *(volatile int*)0x8000000000000000;
  if (!sigsetjmp(back, 1)) __asm__ volatile("ud2");
  if (!sigsetjmp(back, 1)) __asm__ volatile("hlt");
  if (!sigsetjmp(back, 1)) __asm__ volatile("int3");
  if (!sigsetjmp(back, 1)) __asm__ volatile("xor %%ecx, %%ecx; div %%ecx" ::: "rax", "rcx", "rdx");
  return 0;
}
