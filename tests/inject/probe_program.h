// A program without libc that prints everything a fresh process could notice: the registers of its
// first instruction, its whole initial stack, its auxiliary vector.
#pragma once

namespace tiptoe::testing {

// The 16 bytes of AT_RANDOM differ from run to run and are blanked.
inline constexpr char kProbeProgram[] = R"(
typedef unsigned long u64;
u64 registers[18];
__asm__(".globl _start\n_start:\n"
        "mov %rax, registers(%rip)\nmov %rcx, 8+registers(%rip)\nmov %rdx, 16+registers(%rip)\n"
        "mov %rbx, 24+registers(%rip)\nmov %rsp, 32+registers(%rip)\nmov %rbp, 40+registers(%rip)\n"
        "mov %rsi, 48+registers(%rip)\nmov %rdi, 56+registers(%rip)\nmov %r8, 64+registers(%rip)\n"
        "mov %r9, 72+registers(%rip)\nmov %r10, 80+registers(%rip)\nmov %r11, 88+registers(%rip)\n"
        "mov %r12, 96+registers(%rip)\nmov %r13, 104+registers(%rip)\n"
        "mov %r14, 112+registers(%rip)\nmov %r15, 120+registers(%rip)\n"
        "pushfq\npopq 128+registers(%rip)\nmov %rsp, %rdi\nand $-16, %rsp\ncall main_c\n");
static long sys(long n, long a, long b, long c) {
  __asm__ volatile("syscall" : "+a"(n) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return n;
}
static char line[64];
static void put(const char *name, u64 value) {
  int at = 0;
  while (*name) line[at++] = *name++;
  for (int shift = 60; shift >= 0; shift -= 4) line[at++] = "0123456789abcdef"[value >> shift & 15];
  line[at++] = '\n';
  sys(1, 1, (long)line, at);
}
static void copy(const char *path) {
  static char text[65536];
  long fd = sys(2, (long)path, 0, 0), got;
  while ((got = sys(0, fd, (long)text, sizeof text)) > 0) sys(1, 1, (long)text, got);
  sys(3, fd, 0, 0);
}
void main_c(u64 *stack) {
  for (int i = 0; i < 17; ++i) put("register ", registers[i]);
  u64 *aux = stack + 1 + stack[0] + 1;
  while (*aux) ++aux;
  for (++aux; *aux; aux += 2) {
    put("aux type ", aux[0]);
    put("aux value ", aux[1]);
    if (aux[0] == 25) for (int i = 0; i < 16; ++i) ((char *)aux[1])[i] = 0;
  }
  u64 word = 0;
  for (u64 *at = stack; (u64)at < 0x7ffffffff000; ++at) word = word * 1099511628211 + *at;
  put("stack from ", (u64)stack);
  put("stack hash ", word);
  copy("/proc/self/maps");
  copy("/proc/self/limits");
  put("lowest free descriptor ", sys(32, 1, 0, 0));
  sys(231, 0, 0, 0);
}
)";

}  // namespace tiptoe::testing
