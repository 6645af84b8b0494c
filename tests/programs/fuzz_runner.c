// Runs the blocks of the relocator's fuzz test: each from its states, and writes what is left of
// the registers, flags and memory. A fault in a block is caught, and its registers are those of the
// signal context. Without libc, so that every address and segment base is the same in each run.
// usage: fuzz_runner CASES RESULTS [NUMBER OF THE ONLY CASE]
// build: -nostdlib -static -no-pie -ffreestanding -fno-stack-protector -fcf-protection=none
#include "fuzz_format.h"

#include <asm/prctl.h>
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

enum { kXfeatures = 0xe7, kRfMask = 1 << 16, kSaRestorer = 0x04000000 };

static long call6(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 asm("r10") = d, r8 asm("r8") = e, r9 asm("r9") = f;
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}
static long call3(long number, long a, long b, long c) {
  return call6(number, a, b, c, 0, 0, 0);
}

static void stop(int status, const char* why) {
  long length = 0;
  while (why[length]) ++length;
  call3(__NR_write, 2, (long)why, length);
  call3(__NR_exit_group, status, 0, 0);
  __builtin_unreachable();
}

static void copy(void* to, const void* from, unsigned long bytes) {
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

// --- Into a block and back: the assembly below ---

struct FuzzState now;
uint64_t target, runner_stack;
uint64_t features;
_Alignas(64) uint8_t xsave_in[kFuzzXsaveBytes], xsave_out[kFuzzXsaveBytes];
static uint8_t signal_stack[65536];
static uint64_t code_first, code_last;
static struct FuzzResult* result;

void enter_block(void);
void after_block(void);
void handler_entry(void);
void restorer(void);

asm(".text\n"
    "enter_block:\n"
    "  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
    "  mov %rsp, runner_stack(%rip)\n"
    "  mov features(%rip), %eax\n  xor %edx, %edx\n"
    "  xrstor64 xsave_in(%rip)\n"
    "  pushq now + 128(%rip)\n  popfq\n"
    "  mov now + 0(%rip), %rax\n  mov now + 8(%rip), %rcx\n  mov now + 16(%rip), %rdx\n"
    "  mov now + 24(%rip), %rbx\n  mov now + 32(%rip), %rsp\n  mov now + 40(%rip), %rbp\n"
    "  mov now + 48(%rip), %rsi\n  mov now + 56(%rip), %rdi\n  mov now + 64(%rip), %r8\n"
    "  mov now + 72(%rip), %r9\n  mov now + 80(%rip), %r10\n  mov now + 88(%rip), %r11\n"
    "  mov now + 96(%rip), %r12\n  mov now + 104(%rip), %r13\n  mov now + 112(%rip), %r14\n"
    "  mov now + 120(%rip), %r15\n"
    "  jmp *target(%rip)\n"
    "after_block:\n"
    "  mov runner_stack(%rip), %rsp\n"
    "  pushq $2\n  popfq\n"  // neither direction nor alignment check
    "  mov features(%rip), %eax\n  xor %edx, %edx\n"
    "  xsave64 xsave_out(%rip)\n"
    "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbp\n  pop %rbx\n"
    "  ret\n"
    "handler_entry:\n"
    "  pushq $2\n  popfq\n"
    "  jmp handler\n"
    "restorer:\n"
    "  mov $15, %eax\n  syscall\n"
    ".global _start\n"
    "_start:\n"
    "  mov %rsp, %rdi\n  and $-16, %rsp\n  call start\n");

__attribute__((used)) static void handler(int number, siginfo_t* info, struct ucontext* context) {
  struct sigcontext* at = &context->uc_mcontext;
  if (at->rip < code_first || at->rip >= code_last)
    stop(98, "fuzz_runner: fault outside the code\n");
  const uint64_t gpr[16] = {at->rax, at->rcx, at->rdx, at->rbx, at->rsp, at->rbp, at->rsi, at->rdi,
                            at->r8,  at->r9,  at->r10, at->r11, at->r12, at->r13, at->r14, at->r15};
  copy(result->gpr, gpr, sizeof gpr);
  result->signal = number;
  result->code = info->si_code;
  result->address = (uint64_t)info->si_addr;
  result->trap = at->trapno;
  result->error = at->err;
  result->pc = at->rip;
  result->rflags = at->eflags & ~(uint64_t)kRfMask;
  at->rip = (uint64_t)after_block;
  at->rsp = runner_stack;
  at->eflags = 0x202;
}

static void catch_signals(void) {
  struct {
    void* ss_sp;
    int ss_flags;
    unsigned long ss_size;
  } stack = {signal_stack, 0, sizeof signal_stack};
  call3(__NR_sigaltstack, (long)&stack, 0, 0);
  static const int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
  for (unsigned i = 0; i < sizeof kSignals / sizeof *kSignals; ++i) {
    struct {
      void (*handler)(void);
      unsigned long flags;
      void (*restorer)(void);
      unsigned long mask;
    } action = {handler_entry, SA_SIGINFO | SA_ONSTACK | kSaRestorer, restorer, 0};
    call6(__NR_rt_sigaction, kSignals[i], (long)&action, 0, 8, 0, 0);
  }
}

// --- Memory ---

static void map_at(uint64_t start, uint64_t bytes, int prot, int how) {
  const long got = call6(__NR_mmap, (long)start, (long)bytes, prot,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | how, -1, 0);
  if (got != (long)start) stop(97, "fuzz_runner: cannot map where the cases want it\n");
}

static void map_scratch(const struct FuzzHeader* header) {
  for (int i = 0; i < kFuzzWalls; ++i) {
    if (header->wall[i][1] == 0) continue;
    map_at(header->wall[i][0], header->wall[i][1] - header->wall[i][0], PROT_NONE,
           MAP_FIXED_NOREPLACE);
  }
  map_at(header->near_memory, kFuzzNearBytes, PROT_READ | PROT_WRITE, MAP_FIXED);
  map_at(header->low_memory, kFuzzLowBytes, PROT_READ | PROT_WRITE, MAP_FIXED);
  map_at(header->save, 4096, PROT_READ | PROT_WRITE, MAP_FIXED);
}

static void map_code(const struct FuzzHeader* header, const uint8_t* file) {
  const int write = PROT_READ | PROT_WRITE;
  code_first = header->code_start;
  code_last = header->code_start + header->code_bytes;
  map_at(code_first, header->code_bytes, header->code_writable ? write | PROT_EXEC : write,
         MAP_FIXED);
  copy((void*)code_first, file + header->code_offset, header->code_bytes);
  // The tail, on the first page, is never writable: a block that spoils it would spoil all others.
  const uint64_t fixed = header->code_writable ? 4096 : header->code_bytes;
  call3(__NR_mprotect, (long)code_first, (long)fixed, PROT_READ | PROT_EXEC);
}

static void* map_file(const char* path, uint64_t bytes, int write) {
  const long fd = call6(__NR_openat, AT_FDCWD, (long)path, write ? O_RDWR : O_RDONLY, 0, 0, 0);
  const long at = call6(__NR_mmap, 0, (long)bytes, write ? PROT_READ | PROT_WRITE : PROT_READ,
                        write ? MAP_SHARED : MAP_PRIVATE, fd, 0);
  if (fd < 0 || (at < 0 && at > -4096)) stop(96, "fuzz_runner: cannot map a file\n");
  call3(__NR_close, fd, 0, 0);
  return (void*)at;
}

// --- Vector and x87 state ---

static struct { uint32_t offset, bytes; } component[4];

static void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4]) {
  asm volatile("cpuid"
               : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
               : "a"(leaf), "c"(subleaf));
}

static void find_components(void) {
  static const uint8_t kNumbers[4] = {2, 5, 6, 7};
  uint32_t low, high, words[4];
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  features = low & kXfeatures;
  for (int i = 0; i < 4; ++i) {
    if (!(features >> kNumbers[i] & 1)) continue;
    cpuid(0xd, kNumbers[i], words);
    component[i].bytes = words[0];
    component[i].offset = words[1];
    if (words[0] + words[1] > kFuzzXsaveBytes) stop(95, "fuzz_runner: vector state too large\n");
  }
}

static void fill_vectors(const struct FuzzState* state, const uint8_t* from) {
  copy(xsave_in + 32, from, 128 + 256);
  for (int i = 0; i < 8; ++i) {  // ordinary x87 numbers
    xsave_in[32 + 16 * i + 7] |= 0x80;
    xsave_in[32 + 16 * i + 9] = (uint8_t)(0x3f | (xsave_in[32 + 16 * i + 9] & 0xc0));
    for (int j = 10; j < 16; ++j) xsave_in[32 + 16 * i + j] = 0;
  }
  for (int i = 0; i < 4; ++i) {
    copy(xsave_in + component[i].offset, from + 384 + 64 * i, component[i].bytes);
  }
  copy(xsave_in, &state->fcw, 2);
  xsave_in[4] = (uint8_t)from[8];  // which x87 registers are full
  copy(xsave_in + 24, &state->mxcsr, 4);
  copy(xsave_in + 512, &features, 8);
}

static uint64_t sum(const void* memory, uint64_t bytes) {
  uint64_t total = bytes;
  const uint8_t* at = memory;
  for (; bytes >= 8; bytes -= 8, at += 8) {
    total = (total ^ *(const uint64_t*)at) * 0x9e3779b97f4a7c15;
    total ^= total >> 32;
  }
  for (; bytes != 0; --bytes) total = (total ^ *at++) * 0x9e3779b97f4a7c15;
  return total;
}

static void sum_vectors(void) {
  uint8_t x87[8 + 8 * 10] = {0};
  copy(x87, xsave_out, 5);  // control, status, tags; neither opcode nor pointers
  for (int i = 0; i < 8; ++i) copy(x87 + 8 + 10 * i, xsave_out + 32 + 16 * i, 10);
  result->x87 = sum(x87, sizeof x87);
  result->mxcsr = *(const uint32_t*)(xsave_out + 24);
  result->xmm = sum(xsave_out + 160, 256);
  for (int i = 0; i < 4; ++i) {
    result->component[i] = sum(xsave_out + component[i].offset, component[i].bytes);
  }
}

// --- One case from one state ---

static void run(const struct FuzzHeader* header, const struct FuzzCase* which, int state,
                const uint8_t* pool) {
  now = which->state[state];
  target = which->pc;
  copy((void*)header->near_memory, pool + now.cut, kFuzzNearBytes);
  copy((void*)header->low_memory, pool + now.cut + kFuzzNearBytes, kFuzzLowBytes);
  fill_vectors(&now, pool + now.cut + kFuzzNearBytes + kFuzzLowBytes);
  struct FuzzSave* save = (struct FuzzSave*)header->save;
  save->after = (uint64_t)after_block;
  result->signal = 0;
  call3(__NR_arch_prctl, ARCH_SET_FS, (long)now.fs_base, 0);
  call3(__NR_arch_prctl, ARCH_SET_GS, (long)now.gs_base, 0);
  enter_block();
  call3(__NR_arch_prctl, ARCH_GET_FS, (long)&result->fs_base, 0);
  call3(__NR_arch_prctl, ARCH_GET_GS, (long)&result->gs_base, 0);
  if (result->signal == 0) {
    copy(result->gpr, save->gpr, sizeof save->gpr);
    result->rflags = save->stack[7];
  }
  sum_vectors();
  result->near_memory = sum((void*)header->near_memory, kFuzzNearBytes);
  result->low_memory = sum((void*)header->low_memory, kFuzzLowBytes);
  result->done = 1;
}

static void dump(const struct FuzzHeader* header, struct FuzzDump* to) {
  copy(to->near_memory, (void*)header->near_memory, kFuzzNearBytes);
  copy(to->low_memory, (void*)header->low_memory, kFuzzLowBytes);
  copy(to->xsave, xsave_out, kFuzzXsaveBytes);
}

static uint64_t number_in(const char* text) {
  uint64_t value = 0;
  for (; *text >= '0' && *text <= '9'; ++text) value = value * 10 + (uint64_t)(*text - '0');
  return value;
}

__attribute__((used)) static void start(long* stack) {
  char** words = (char**)(stack + 1);
  if (stack[0] < 3) stop(2, "usage: fuzz_runner CASES RESULTS [NUMBER OF THE ONLY CASE]\n");
  const struct FuzzHeader* header = map_file(words[1], sizeof *header, 0);
  const uint8_t* file = map_file(words[1], header->code_offset + header->code_bytes, 0);
  const struct FuzzCase* cases = (const struct FuzzCase*)(file + header->cases_offset);
  const uint8_t* pool = file + header->pool_offset;
  find_components();
  map_scratch(header);
  map_code(header, file);
  catch_signals();
  if (stack[0] > 3) {
    const uint64_t only = number_in(words[3]);
    const uint64_t step = sizeof(struct FuzzResult) + sizeof(struct FuzzDump);
    uint8_t* out = map_file(words[2], kFuzzStates * step, 1);
    for (int state = 0; state < kFuzzStates; ++state, out += step) {
      result = (struct FuzzResult*)out;
      run(header, &cases[only], state, pool);
      dump(header, (struct FuzzDump*)(out + sizeof(struct FuzzResult)));
    }
  } else {
    result = map_file(words[2], header->case_count * kFuzzStates * sizeof *result, 1);
    for (uint64_t i = 0; i < header->case_count; ++i) {
      for (int state = 0; state < kFuzzStates; ++state, ++result)
        run(header, &cases[i], state, pool);
    }
  }
  call3(__NR_exit_group, 0, 0, 0);
}
