// hazard: 1.13 1.9
// modes: no-ticks (the stack pointer is anything)
// modes: no-trust (rewrites code that has run)
// Hazard: all one- and two-byte opcodes with all prefixes and many operand bytes, and pseudo-random
// three-byte, VEX, EVEX, XOP and REX2 encodings: reserved, undefined, new, privileged, faulting.
// Each is executed by itself; what signal it raised at which pc, or what it made of registers,
// flags and memory, is folded into a line. A tracer must neither refuse nor execute otherwise what
// it cannot decode, and have the lengths right. build: -no-pie
#include "hazard.h"

enum { kCode = 0x20000000, kData = 0x30000000, kDataBytes = 8192 };

// rax..r15 without rsp, flags; rsp is not compared.
unsigned long state_out[17], saved_rsp;
extern char run_done[];
void run_snippet(void);
__asm__(
    ".text\n"
    "run_snippet:\n"
    "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "  mov %rsp, saved_rsp\n"
    "  mov $0x30001000, %rax\n"
    "  lea 0x40(%rax), %rcx; lea 0x80(%rax), %rdx; lea 0xc0(%rax), %rbx\n"
    "  lea 0x140(%rax), %rbp; lea 0x180(%rax), %rsi; lea 0x1c0(%rax), %rdi\n"
    "  lea 0x200(%rax), %r8; lea 0x240(%rax), %r9; lea 0x280(%rax), %r10; lea 0x2c0(%rax), %r11\n"
    "  lea 0x300(%rax), %r12; lea 0x340(%rax), %r13; lea 0x380(%rax), %r14; lea 0x3c0(%rax), %r15\n"
    "  pxor %xmm0, %xmm0; pxor %xmm1, %xmm1; pxor %xmm2, %xmm2; pxor %xmm3, %xmm3\n"
    "  pxor %xmm4, %xmm4; pxor %xmm5, %xmm5; pxor %xmm6, %xmm6; pxor %xmm7, %xmm7\n"
    "  fninit; push $0x202; popfq\n"
    "  lea 0x100(%rax), %rsp\n"
    "  jmp 0x20000000\n"
    "run_done:\n"
    "  mov %rax, state_out; mov %rcx, state_out+8; mov %rdx, state_out+16; mov %rbx, state_out+24\n"
    "  mov %rbp, state_out+40; mov %rsi, state_out+48; mov %rdi, state_out+56\n"
    "  mov %r8, state_out+64; mov %r9, state_out+72; mov %r10, state_out+80\n"
    "  mov %r11, state_out+88; mov %r12, state_out+96; mov %r13, state_out+104\n"
    "  mov %r14, state_out+112; mov %r15, state_out+120\n"
    "  mov saved_rsp, %rsp\n"
    "  pushfq; pop %rax; mov %rax, state_out+128\n"
    "  cld\n"
    "  pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "  ret\n");

static struct {
  int signal, code;
  long pc, address;
} fault;

static void on_fault(int signal, siginfo_t* info, void* context) {
  greg_t* r = ((ucontext_t*)context)->uc_mcontext.gregs;
  static const int kOrder[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                 REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                 REG_R12, REG_R13, REG_R14, REG_R15};
  fault.signal = signal;
  fault.code = info->si_code;
  fault.pc = r[REG_RIP] - kCode;
  fault.address = (long)info->si_addr;
  for (int i = 0; i < 16; ++i) state_out[i] = (unsigned long)r[kOrder[i]];
  r[REG_RIP] = (greg_t)run_done;
  for (int i = 0; i < 16; ++i) {
    if (i != 4) r[kOrder[i]] = (greg_t)state_out[i];
  }
}

static unsigned char* const code = (unsigned char*)kCode;
static unsigned char* const data = (unsigned char*)kData;
static unsigned char pattern[kDataBytes];
static unsigned long hash;
static void fold(unsigned long v) {
  hash = (hash ^ v) * 0x9e3779b97f4a7c15ul + (hash >> 29);
}

static char letter(int signal) {
  switch (signal) {
    case 0:
      return 'o';
    case SIGILL:
      return 'I';
    case SIGSEGV:
      return 'S';
    case SIGBUS:
      return 'B';
    case SIGFPE:
      return 'F';
    case SIGTRAP:
      return 'T';
    default:
      return '?';
  }
}

// Executes the bytes, then nops, then a jump to the end.
static char execute(const unsigned char* bytes, int count, int compare) {
  memcpy(data, pattern, kDataBytes);
  memcpy(code, bytes, (size_t)count);
  memset(code + count, 0x90, 24);
  const long jump = (long)run_done - (kCode + count + 24 + 5);
  code[count + 24] = 0xe9;
  memcpy(code + count + 25, &jump, 4);
  memset(&fault, 0, sizeof fault);
  memset(state_out, 0, sizeof state_out);
  run_snippet();
  fold((unsigned long)fault.signal);
  fold((unsigned long)fault.pc);
  fold((unsigned long)fault.code);
  if (fault.signal == SIGSEGV || fault.signal == SIGBUS) fold((unsigned long)fault.address);
  if (!compare) return letter(fault.signal);
  state_out[4] = 0;
  state_out[16] &= 0x40cd5 & ~0x10ul;
  if (fault.signal != 0) state_out[16] = 0;
  for (int i = 0; i < 16; ++i) fold(state_out[i]);
  for (int i = 0; i < kDataBytes; i += 8) {
    unsigned long v;
    memcpy(&v, data + i, 8);
    if (v != 0) fold(v + (unsigned)i);
  }
  return letter(fault.signal);
}

// Branches, what would take the test's own state away, and what answers differently each time.
static int left_out_primary(int op, int modrm) {
  const int ext = modrm >> 3 & 7, memory = modrm < 0xc0;
  if ((op >= 0x70 && op <= 0x7f) || (op >= 0xe0 && op <= 0xe3) || (op >= 0xe8 && op <= 0xeb))
    return 1;
  if (op == 0xc2 || op == 0xc3 || op == 0xca || op == 0xcb || op == 0xcf) return 1;
  // Prefixes.
  if ((op & 0xe7) == 0x26 || (op & 0xf0) == 0x40 || (op >= 0x64 && op <= 0x67)) return 1;
  if (op == 0xf0 || op == 0xf2 || op == 0xf3) return 1;
  if (op == 0x8e || op == 0x9d || op == 0xc8) return 1;
  if (op == 0xc7 && ext == 7) return 1;
  if (op == 0xff && ext >= 2 && ext <= 5) return 1;
  if (op == 0xd9 && memory && ext >= 4 && ext <= 6) return 1;  // the x87 environment
  if (op == 0xdd && memory && (ext == 4 || ext == 6)) return 1;
  if (op == 0xdb && modrm == 0xe3) return 0;
  return op == 0x0f || op == 0x62 || op == 0xc4 || op == 0xc5 || op == 0xd5 || op == 0x8f;
}
static int left_out_0f(int op, int modrm, int prefix) {
  const int ext = modrm >> 3 & 7;
  if (op >= 0x80 && op <= 0x8f) return 1;
  if (op == 0x05 || op == 0x34 || op == 0x07 || op == 0x35) return 1;
  if (op == 0x38 || op == 0x3a || op == 0x0f || op == 0xa2 || op == 0x31 || op == 0x33) return 1;
  if (op == 0xa1 || op == 0xa9 || op == 0xb2 || op == 0xb4 || op == 0xb5) return 1;
  if (op == 0xc7 && (ext >= 3)) return 1;
  if (op == 0xae && (modrm < 0xc0 || prefix != 0)) return 1;
  if (op == 0x01 && (modrm >= 0xc0 || ext < 2)) return 1;
  return op == 0x37 || op == 0xa6 || op == 0xa7;
}

static const unsigned char kModrm[] = {0xc0, 0x09, 0x13, 0xdb, 0xe6, 0x2e, 0xf7, 0xf8};

static void all_opcodes(const char* name, const unsigned char* prefix, int prefixes,
                        int two_bytes) {
  for (int op = 0; op < 256; ++op) {
    char line[sizeof kModrm + 1] = {0};
    int n = 0;
    hash = 0;
    for (unsigned m = 0; m < sizeof kModrm; ++m) {
      const int modrm = kModrm[m];
      if (two_bytes ? left_out_0f(op, modrm, prefixes) : left_out_primary(op, modrm)) continue;
      unsigned char bytes[20];
      int count = prefixes;
      memcpy(bytes, prefix, (size_t)prefixes);
      if (two_bytes) bytes[count++] = 0x0f;
      bytes[count++] = (unsigned char)op;
      bytes[count++] = (unsigned char)modrm;
      line[n++] = execute(bytes, count, 1);
    }
    if (n != 0) printf("%s%s %02x %s %08lx\n", name, two_bytes ? " 0f" : "", op, line, hash >> 32);
  }
}

static unsigned long seed = 1;
static unsigned char random_byte(void) {
  seed = seed * 6364136223846793005ul + 1442695040888963407ul;
  return (unsigned char)(seed >> 40);
}

// The first bytes are given, the others random.
static void random_encodings(const char* name, const unsigned char* first, int given, int rounds) {
  for (int line = 0; line < rounds; ++line) {
    char letters[17] = {0};
    hash = 0;
    for (int i = 0; i < 16; ++i) {
      unsigned char bytes[16];
      memcpy(bytes, first, (size_t)given);
      for (int k = given; k < 16; ++k) bytes[k] = random_byte();
      letters[i] = execute(bytes, given + 5, 0);
    }
    printf("%s %d %s %08lx\n", name, line, letters, hash >> 32);
  }
}

int main(void) {
  static char alternate[1 << 16];
  const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&stack, NULL);
  for (const int* s = (const int[]){SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGTRAP, 0}; *s != 0; ++s) {
    handle_with_info(*s, on_fault, SA_ONSTACK);
  }
  mmap(code, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  mmap(data, kDataBytes, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  for (int i = 0; i < kDataBytes; ++i) pattern[i] = (unsigned char)(i % 64 < 4 ? i / 64 : 0);

  static const struct {
    const char* name;
    int count;
    unsigned char bytes[14];
  } kPrefixes[] = {
      {"-", 0, {0}},
      {"66", 1, {0x66}},
      {"f2", 1, {0xf2}},
      {"f3", 1, {0xf3}},
      {"lock", 1, {0xf0}},
      {"66w", 2, {0x66, 0x48}},
      {"12", 12, {0x2e, 0x2e, 0x3e, 0x26, 0x36, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e}},
  };
  for (unsigned i = 0; i < sizeof kPrefixes / sizeof kPrefixes[0]; ++i) {
    all_opcodes(kPrefixes[i].name, kPrefixes[i].bytes, kPrefixes[i].count, 0);
    all_opcodes(kPrefixes[i].name, kPrefixes[i].bytes, kPrefixes[i].count, 1);
  }
  random_encodings("0f38", (const unsigned char[]){0x0f, 0x38}, 2, 12);
  random_encodings("660f38", (const unsigned char[]){0x66, 0x0f, 0x38}, 3, 12);
  random_encodings("f20f38", (const unsigned char[]){0xf2, 0x0f, 0x38}, 3, 8);
  random_encodings("f30f38", (const unsigned char[]){0xf3, 0x0f, 0x38}, 3, 8);
  random_encodings("0f3a", (const unsigned char[]){0x0f, 0x3a}, 2, 8);
  random_encodings("660f3a", (const unsigned char[]){0x66, 0x0f, 0x3a}, 3, 8);
  random_encodings("3dnow", (const unsigned char[]){0x0f, 0x0f}, 2, 8);
  random_encodings("vex2", (const unsigned char[]){0xc5}, 1, 24);
  random_encodings("vex3", (const unsigned char[]){0xc4}, 1, 24);
  for (int map = 0; map < 4; ++map) {
    random_encodings("vex3 map", (const unsigned char[]){0xc4, (unsigned char)(0xe0 | map)}, 2, 12);
  }
  random_encodings("evex", (const unsigned char[]){0x62}, 1, 24);
  for (int map = 0; map < 8; ++map) {
    random_encodings("evex map", (const unsigned char[]){0x62, (unsigned char)(0xf0 | map)}, 2, 12);
  }
  random_encodings("rex2", (const unsigned char[]){0xd5}, 1, 24);
  random_encodings("xop", (const unsigned char[]){0x8f, 0xe8}, 2, 8);
  random_encodings("pop", (const unsigned char[]){0x8f, 0xc0}, 2, 4);
  return 0;
}
