// build: -pthread
// hazard: 1.1 6.10
// Hazard: a scan of memory for addresses of a tracer's code. A stack is filled by calls whose every
// slot is known, and handlers look at the whole of the frame they get. No word there may lead into
// executable memory that has no file behind it, as the program itself maps none.
#include "hazard.h"

enum { kMost = 64, kDepth = 100 };

static struct { uintptr_t start, end; } foreign[kMost];
static int count;

static void find_foreign_code(void) {
  FILE* const maps = fopen("/proc/self/maps", "r");
  char line[512], permissions[8], path[256];
  uintptr_t start, end;
  count = 0;
  while (fgets(line, sizeof line, maps) && count < kMost) {
    path[0] = 0;
    sscanf(line, "%lx-%lx %7s %*s %*s %*s %255s", &start, &end, permissions, path);
    if (permissions[2] != 'x' || path[0] == '/' || path[0] == '[') continue;
    foreign[count].start = start;
    foreign[count++].end = end;
  }
  fclose(maps);
}

static int leads_to_foreign_code(uintptr_t word) {
  for (int i = 0; i < count; ++i) {
    if (word >= foreign[i].start && word < foreign[i].end) return 1;
  }
  return 0;
}

// Also words that are not aligned.
static int foreign_words(const void* start, const void* end) {
  int found = 0;
  for (const char* at = start; at + 8 <= (const char*)end; ++at) {
    uintptr_t word;
    memcpy(&word, at, sizeof word);
    found += leads_to_foreign_code(word);
  }
  return found;
}

// --- a stack whose every slot is known
// ------------------------------------------------------------

// descend(depth, stack): calls itself on that stack, leaving its number and a return address in
// each frame, and scans at the bottom. Direct and indirect calls take turns.
int descend(long depth, void* stack_end);
__asm__(
    "descend: push %rbp\n"
    "mov %rsp, %rbp\n"
    "mov %rsi, %rsp\n"
    "push %rsi\n"
    "push %rbp\n"
    "lea again(%rip), %rax\n"
    "call again\n"
    "pop %rbp\n"
    "mov %rbp, %rsp\n"
    "mov %r8d, %eax\n"
    "pop %rbp\n"
    "ret\n"
    "again: push %rdi\n"
    "dec %rdi\n"
    "jz 2f\n"
    "test $1, %dil\n"
    "jz 1f\n"
    "call again\n"
    "pop %rdi\n"
    "ret\n"
    "1: call *%rax\n"
    "pop %rdi\n"
    "ret\n"
    "2: push %rsi\n"
    "push %rax\n"
    "mov %rsp, %rdi\n"
    "call scan\n"
    "mov %eax, %r8d\n"
    "pop %rax\n"
    "pop %rsi\n"
    "pop %rdi\n"
    "ret\n");

static int return_addresses;

__attribute__((used)) int scan(uintptr_t* stack, uintptr_t* stack_end) {
  const uintptr_t low = (uintptr_t)descend, high = (uintptr_t)scan;
  for (uintptr_t* at = stack; at < stack_end; ++at) {
    return_addresses += *at - (low < high ? low : high) < 4096;
  }
  return foreign_words(stack, stack_end);
}

// --- frames
// --------------------------------------------------------------------------------------- Only what
// the kernel writes: between the parts of a frame there may be a few bytes of dead stack.

static volatile int interruptions, found_in_frames;

static void look(int signal, siginfo_t* info, void* context) {
  (void)signal;
  ++interruptions;
  const ucontext_t* const state = context;
  const struct _fpstate* const floats = (void*)state->uc_mcontext.fpregs;
  const uint32_t* const reserved = (const uint32_t*)((const char*)floats + 464);
  const size_t length = reserved[0] == FP_XSTATE_MAGIC1 ? reserved[1] : sizeof *floats;
  found_in_frames += foreign_words(state, (const char*)&state->uc_sigmask + 8) +
                     foreign_words(info, info + 1) +
                     foreign_words(floats, (const char*)floats + length);
}

static unsigned long churn(unsigned long x) {
  for (int i = 0; i < 50; ++i) x = x * 6364136223846793005u + (x >> 7);
  return x;
}

int main(void) {
  static char stack[1 << 16] __attribute__((aligned(4096)));
  find_foreign_code();
  printf("on a stack of %d calls: %d addresses of the tracer\n", kDepth,
         descend(kDepth, stack + sizeof stack - 64));
  printf("return addresses: %d\n", return_addresses);

  handle_with_info(SIGALRM, look, SA_RESTART);
  handle_with_info(SIGSEGV, look, SA_RESTART);
  start_timer(300);
  unsigned long x = 1;
  char text[64];
  while (interruptions < 300) {
    x = churn(x);
    x += snprintf(text, sizeof text, "%lu", x);
    if (interruptions % 10 == 0) kill(getpid(), SIGSEGV);
  }
  start_timer(0);
  printf("in the frames of 300 interruptions: %d\n", found_in_frames);
  return 0;
}
