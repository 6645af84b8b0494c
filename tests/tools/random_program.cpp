// Writes a random C program for integration/random_programs_test.cpp, the same for the same seed.
//
//   random_program SEED
//
// Its first lines say how it wants to be built and what of it may be compared:
//
//   // build: FLAGS      for gcc
//   // path: exact       without threads: what it executes is the same each time
//
// The program computes a number from a seed of its own and prints it. Its functions call each
// other, directly, by pointer, as tail calls, recursively, with variable arguments and with
// structures; they loop, switch, jump to computed labels, leave by longjmp, raise signals and
// faults, sort with a callback, divide 128 bits, use x87, strings and vectors of libc, trampolines
// on the stack, short pieces of assembly, threads and children. Fuel, taken at each call and each
// round of a loop, ends what would not end.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "arch/byte_sources.h"

namespace {

using tiptoe::u64;
using tiptoe::x86::oracle::Random;

class Program {
 public:
  explicit Program(u64 seed) : random_(seed * 7919 + 17), seed_(seed) {
    // The first numbers of seeds that are neighbours are alike.
    for (int i = 0; i < 20; ++i) random_.next();
    functions_ = 3 + random_.below(10);
    threads_ = random_.one_in(3);
    forks_ = random_.one_in(4);
    trampolines_ = random_.one_in(4);
  }

  std::string text() {
    std::string body;
    for (unsigned i = 0; i < functions_; ++i) body += function(i);
    return "// build: " + flags() + "\n" + (threads_ ? "" : "// path: exact\n") + prologue() +
           declarations() + body + epilogue();
  }

 private:
  // --- how it is built ---

  template <unsigned N>
  std::string one_of(const char* const (&from)[N]) {
    return std::string(" ") + from[random_.below(N)];
  }

  std::string flags() {
    std::string flags = "-w -pthread";
    flags += one_of({"-O0", "-O1", "-O2", "-O3", "-Os", "-O2"});
    // The large model is for code that does not move.
    const unsigned shape = random_.below(6);
    constexpr const char* kShapes[] = {"-static -no-pie",
                                       "-static-pie -fPIE",
                                       "-pie -fPIE",
                                       "-no-pie -fno-pie",
                                       "-static -no-pie -fno-pie -mcmodel=medium",
                                       "-no-pie -fno-pie -mcmodel=large"};
    flags += std::string(" ") + kShapes[shape];
    flags += one_of({"-fcf-protection=none", "-fcf-protection=full", "-fcf-protection=branch"});
    if (random_.one_in(3)) flags += " -fno-omit-frame-pointer";
    if (random_.one_in(4)) flags += " -fstack-protector-all";
    if (random_.one_in(4)) flags += " -march=native";
    if (random_.one_in(4)) flags += " -mno-red-zone";
    if (random_.one_in(4)) flags += " -fno-jump-tables";
    if (random_.one_in(5)) flags += " -funroll-loops -fno-inline";
    if (random_.one_in(5) && flags.find("-mcmodel") == std::string::npos) {
      flags +=
          " -fcf-protection=none -mindirect-branch=thunk-inline -mfunction-return=thunk-inline";
    }
    if (random_.one_in(5)) flags += " -fsanitize=undefined -fsanitize-undefined-trap-on-error";
    if (random_.one_in(4)) flags += " -Wl,-z,now";
    if (random_.one_in(6)) flags += " -fno-plt";
    if (trampolines_) flags += " -Wl,-z,execstack";
    return flags;
  }

  // --- expressions ---

  std::string number() {
    switch (random_.below(4)) {
      case 0:
        return std::to_string(random_.below(16)) + "ull";  // no int: a negative index
      case 1:
        return std::to_string(random_.below(1u << 31)) + "ull";
      case 2:
        return "(u64)-" + std::to_string(1 + random_.below(300));
      default:
        return std::to_string(random_.next()) + "ull";
    }
  }
  std::string variable() { return std::string(1, "abcde"[random_.below(5)]); }
  std::string callee() { return "f" + std::to_string(random_.below(functions_)); }

  std::string value(unsigned depth = 0) {
    if (depth > 3 || random_.one_in(3)) return random_.one_in(4) ? number() : variable();
    const std::string x = value(depth + 1), y = value(depth + 1);
    switch (random_.below(12)) {
      case 0:
        return "(" + x + " + " + y + ")";
      case 1:
        return "(" + x + " - " + y + ")";
      case 2:
        return "(" + x + " * " + y + ")";
      case 3:
        return "(" + x + " ^ " + y + ")";
      case 4:
        return "(" + x + " >> (" + y + " & 63))";
      case 5:
        return "(" + x + " << (" + y + " & 31))";
      case 6:
        return "(" + x + " / (" + y + " | 1))";
      case 7:
        return "(" + condition(depth + 1) + " ? " + x + " : " + y + ")";
      case 8:
        return "rotate(" + x + ", " + y + ")";
      case 9:
        return "(u64)(u32)" + x + " % ((u32)" + y + " | 1)";
      case 10:
        return "memory[" + x + " % 64]";
      default:
        return "(u64)(unsigned short)(" + x + " + local[" + y + " % 8])";
    }
  }
  std::string condition(unsigned depth = 0) {
    static constexpr const char* kOperators[] = {" < ", " == ", " != ", " >= "};
    const char* how = random_.one_in(2) ? "(i64)" : "";
    return "(" + (how + value(depth + 2)) + kOperators[random_.below(4)] + how + value(depth + 2) +
           ")";
  }

  // --- statements ---

  std::string block(unsigned depth) {
    std::string text = "{\n";
    const unsigned count = 1 + random_.below(depth > 2 ? 2 : 4);
    for (unsigned i = 0; i < count; ++i) text += statement(depth + 1);
    return text + "}\n";
  }

  std::string loop(unsigned depth) {
    const std::string i = "n" + std::to_string(labels_++);
    const std::string count = std::to_string(1 + random_.below(9));
    const std::string body = block(depth);
    switch (random_.below(3)) {
      case 0:
        return "for (unsigned " + i + " = 0; " + i + " < " + count + " && burn(); ++" + i + ") " +
               body;
      case 1:
        return "{ unsigned " + i + " = " + count + "; while (" + i + "-- && burn()) " + body +
               "}\n";
      default:
        return "{ unsigned " + i + " = " + count + "; do " + body + "while (--" + i +
               " && burn()); }\n";
    }
  }

  std::string branches(unsigned depth) {
    const unsigned cases = 2 + random_.below(9);
    std::string text;
    if (random_.one_in(4)) {  // computed labels
      const std::string at = "l" + std::to_string(labels_++) + "_";
      text = "{ static const void* const to[] = {";
      for (unsigned i = 0; i < cases; ++i) text += "&&" + at + std::to_string(i) + ", ";
      text += "}; goto *to[" + value() + " % " + std::to_string(cases) + "];\n";
      for (unsigned i = 0; i < cases; ++i) {
        text += at + std::to_string(i) + ":; " + statement(depth + 1);
        if (random_.one_in(2)) text += "goto " + at + "end;\n";
      }
      return text + at + "end:; }\n";
    }
    const unsigned stride = random_.one_in(3) ? 1 + random_.below(1000) : 1;
    text = "switch (" + value() + " % " + std::to_string(cases * stride + 1) + ") {\n";
    for (unsigned i = 0; i < cases; ++i) {
      text += "case " + std::to_string(i * stride) + ": " + statement(depth + 1);
      if (!random_.one_in(4)) text += "break;\n";
    }
    return text + "default: " + variable() + " += 3;\n}\n";
  }

  std::string call() {
    const std::string x = value(1), y = value(1), to = variable();
    switch (random_.below(9)) {
      case 0:
      case 1:
        return to + " ^= " + callee() + "(" + x + ", " + y + ");\n";
      case 2:
      case 3:
        return to + " += table[" + x + " % " + std::to_string(functions_) + "](" + y + ", " +
               variable() + ");\n";
      case 4:
        return to + " ^= sum_of(" + std::to_string(random_.below(9)) + ", (u64)(" + x +
               "), 2.5, (u64)(" + y + "), 3, " + variable() + ", " + variable() +
               ", 1.25L, 7ull, 8ull, 9ull);\n";
      case 5:
        return "{ struct big s = make_big(" + x + ", " + y + "); " + to + " ^= use_big(s, " +
               variable() + "); }\n";
      case 6:
        return "{ struct small s = make_small(" + x + "); " + to + " += s.a ^ s.b; }\n";
      case 7:
        return "{ struct mixed s = make_mixed(" + x + "); " + to + " ^= s.a + (u64)s.d; }\n";
      default:
        return to + " = sorted(" + x + ");\n";
    }
  }

  std::string escape() {
    const std::string to = variable();
    switch (random_.below(3)) {
      case 0:
        return "if (top && " + condition() + ") { thrown = " + value() + "; longjmp(*top, 1); }\n";
      case 1:
        return to + " ^= catching(" + callee() + ", " + value(1) + ");\n";
      default:
        return to + " ^= faulting(" + value(1) + ");\n";
    }
  }

  std::string oddity() {
    const std::string to = variable(), x = value(1);
    switch (random_.below(16)) {
      case 0:
        return "raise(SIGUSR1); " + to + " += signals;\n";
      case 1:
        return to + " ^= (u64)((unsigned __int128)" + x + " * " + variable() + " >> 64);\n";
      case 2:
        return to + " ^= (u64)(((unsigned __int128)" + x + " << 64 | " + variable() + ") / (" +
               variable() + " | 1));\n";
      case 3:
        return "{ double q = (double)(" + x + " % 100000) / 7.0; " + to +
               " += (u64)(q * q) + (q > 1000.0); }\n";
      case 4:
        return "{ long double q = (long double)(" + x + " % 100000) / 3.0L; " + to +
               " ^= (u64)(q * 1.5L); }\n";
      case 5:
        return "{ char* p = alloca(16 + " + x + " % 200); memset(p, (int)" + variable() +
               ", 16); " + to + " ^= (u64)p[7]; }\n";
      case 6:
        return "{ char text[64]; snprintf(text, sizeof text, \"%llu/%x\", (unsigned long long)" +
               x + ", (unsigned)" + variable() + "); " + to +
               " += strlen(text) + strtoull(text, NULL, 10) + (strchr(text, '/') - text); }\n";
      case 7:
        return "memmove(memory + " + x + " % 20, memory + " + variable() + " % 20, 8 * (1 + " +
               variable() + " % 30));\n";
      case 8:  // below the red zone
        return "__asm__ volatile(\"lea -256(%%rsp), %%rsp\\n call 1f\\n1: pop %0\\n lea 1b(%%rip), "
               "%%rcx\\n sub %%rcx, %0\\n lea 256(%%rsp), %%rsp\" : \"=&r\"(" +
               to + ") : : \"rcx\", \"memory\", \"cc\");\n";
      case 9:
        return "__asm__ volatile(\"mov $5, %%ecx\\n1: lea 3(%0,%%rcx,2), %0\\n loop 1b\" : "
               "\"+r\"(" +
               to + ") : : \"rcx\", \"cc\");\n";
      case 10:
        return "__asm__ volatile(\"mov %1, %%rcx\\n and $1, %%ecx\\n jrcxz 1f\\n not %0\\n1:\" : "
               "\"+r\"(" +
               to + ") : \"r\"((u64)(" + x + ")) : \"rcx\", \"cc\");\n";
      case 11:
        return "__asm__ volatile(\"add %1, %0\\n adc %0, %0\\n setc %b0\\n sbb $3, %0\" : "
               "\"+q\"(" +
               to + ") : \"r\"((u64)(" + x + ")) : \"cc\");\n";
      case 12:  // what it jumps to is what it has pushed; below the red zone
        return "__asm__ volatile(\"lea -256(%%rsp), %%rsp\\n lea 1f(%%rip), %%rcx\\n push %%rcx\\n "
               "ret\\n int3\\n1: lea 256(%%rsp), %%rsp\\n inc %0\" : \"+r\"(" +
               to + ") : : \"rcx\", \"memory\", \"cc\");\n";
      case 13:
        return trampolines_ ? to + " ^= with_trampoline(" + x + ");\n" : call();
      case 14:
        return threads_ ? to + " ^= in_thread(" + callee() + ", " + x + ");\n" : call();
      default:
        return forks_ ? to + " ^= in_child(" + callee() + ", " + x + ");\n" : call();
    }
  }

  std::string statement(unsigned depth) {
    const unsigned kind = random_.below(20);
    if (depth < 4) {
      if (kind < 2) return loop(depth);
      if (kind < 4) return branches(depth);
      if (kind < 7) {
        const std::string test = condition();
        const std::string yes = block(depth);
        return "if " + test + " " + yes + (random_.one_in(2) ? "else " + block(depth) : "");
      }
    }
    if (kind < 11) return call();
    if (kind < 12) return escape();
    if (kind < 15) return oddity();
    if (kind < 16)
      return "memory[" + value() + " % 64] " + (random_.one_in(2) ? "=" : "+=") + " " + value() +
             ";\n";
    if (kind < 17) return "local[" + value() + " % 8] ^= " + value() + ";\n";
    return variable() + (random_.one_in(2) ? " = " : " += ") + value() + ";\n";
  }

  std::string function(unsigned number) {
    const std::string name = "f" + std::to_string(number);
    const char* const inlining = random_.one_in(3) ? "__attribute__((noinline)) " : "";
    std::string text = std::string(inlining) + "u64 " + name +
                       "(u64 a, u64 b) {\nif (!burn() || depth > 40) return a ^ b;\n++depth;\n"
                       "u64 c = a + b, d = " +
                       ::std::to_string(random_.below(1000)) + ", e = ~a, local[8] = {a, b};\n";
    const unsigned count = 2 + random_.below(5);
    for (unsigned i = 0; i < count; ++i) text += statement(0);
    text += "--depth;\n";
    if (random_.one_in(3)) return text + "return " + callee() + "(c ^ a, d + e);\n}\n";
    return text + "return a ^ b * 3 ^ c ^ d * 5 ^ e ^ local[3];\n}\n";
  }

  // --- what is always there ---

  std::string prologue() const {
    return R"(#define _GNU_SOURCE
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
typedef unsigned long long u64;
typedef long long i64;
typedef unsigned u32;
typedef u64 function(u64, u64);
static __thread i64 fuel;
static __thread int depth;
static __thread jmp_buf* top;
static __thread u64 thrown;
static __thread sigjmp_buf* fault_goes_to;
static __thread u64 memory[64];
static __thread u64 signals;
static int burn(void) { return --fuel > 0; }
static u64 rotate(u64 x, u64 by) { return x << (by & 63) | x >> (-by & 63); }
struct big { u64 a[5]; };
struct small { u64 a, b; };
struct mixed { u64 a; double d; };
static __attribute__((noinline)) struct big make_big(u64 x, u64 y) {
  return (struct big){{x, y, x ^ y, x + y, 9}};
}
static __attribute__((noinline)) u64 use_big(struct big s, u64 i) { return s.a[i % 5] * 3; }
static __attribute__((noinline)) struct small make_small(u64 x) {
  return (struct small){x / 3, x % 1000};
}
static __attribute__((noinline)) struct mixed make_mixed(u64 x) {
  return (struct mixed){x, (double)(x % 4096) * 0.5};
}
static __attribute__((noinline)) u64 sum_of(int count, ...) {
  va_list list;
  va_start(list, count);
  u64 sum = va_arg(list, u64);
  sum += (u64)(va_arg(list, double) * 2);
  sum ^= va_arg(list, u64);
  sum += va_arg(list, int);
  sum ^= va_arg(list, u64) ^ va_arg(list, u64);
  sum += (u64)(va_arg(list, long double) * 4);
  for (int i = 0; i < count % 4; ++i) sum = sum * 3 + va_arg(list, u64);
  va_end(list);
  return sum;
}
static int by_value(const void* a, const void* b) {
  const u64 x = *(const u64*)a, y = *(const u64*)b;
  return (x > y) - (x < y);
}
static u64 sorted(u64 x) {
  u64 all[9];
  for (int i = 0; i < 9; ++i) all[i] = x = x * 6364136223846793005ull + 1442695040888963407ull;
  qsort(all, 9, sizeof *all, by_value);
  return all[4];
}
static u64 catching(function* what, u64 x) {
  jmp_buf here, *const before = top;
  const int was = depth;
  volatile u64 result = x;
  top = &here;
  if (setjmp(here) == 0) {
    result = what(x, 3);
  } else {
    result = thrown;
    depth = was;
  }
  top = before;
  return result;
}
static void on_fault(int signal) { siglongjmp(*fault_goes_to, signal); }
static void on_signal(int signal) {
  ++signals;
  memory[signals % 64] ^= sorted(signals);
}
static u64 faulting(u64 x) {
  sigjmp_buf here, *const before = fault_goes_to;
  fault_goes_to = &here;
  int signal = sigsetjmp(here, 1);
  if (signal == 0) {
    switch (x % 5) {
      case 0: *(volatile int*)(16 + x % 64) = 1; break;
      case 1: __asm__ volatile("ud2"); break;
      case 2: __asm__ volatile("xor %%ecx, %%ecx\n div %%ecx" : : : "rax", "rcx", "rdx", "cc"); break;
      case 3: ((void (*)(void))(8 + x % 64))(); break;
      default: __asm__ volatile("hlt"); break;
    }
  }
  fault_goes_to = before;
  return (u64)signal;
}
struct job { function* what; u64 x, result; i64 fuel; };
static void* run_job(void* argument) {
  struct job* job = argument;
  fuel = job->fuel;
  job->result = catching(job->what, job->x);
  return NULL;
}
static __attribute__((unused)) u64 in_thread(function* what, u64 x) {
  if (fuel < 200) return x;
  fuel /= 4;
  struct job job = {what, x, 0, fuel};
  pthread_t thread;
  if (pthread_create(&thread, NULL, run_job, &job) != 0) return 1;
  pthread_join(thread, NULL);
  return job.result;
}
static __attribute__((unused)) u64 in_child(function* what, u64 x) {
  if (fuel < 200) return x;
  fuel /= 4;
  const pid_t child = fork();
  if (child == 0) _exit((int)(catching(what, x) & 0x7f));
  int status = 0;
  waitpid(child, &status, 0);
  return (u64)status;
}
static __attribute__((noinline)) u64 apply(u64 (*what)(u64), u64 x) { return what(x) + what(x + 1); }
)" + std::string(trampolines_ ? R"(static __attribute__((noinline)) u64 with_trampoline(u64 x) {
  u64 count = x;
  u64 inner(u64 y) { return count += y; }
  return apply(inner, x ^ 5) + count;
}
)"
                              : "");
  }

  std::string declarations() const {
    std::string text, table = "static function* const table[] = {";
    for (unsigned i = 0; i < functions_; ++i) {
      const std::string name = "f" + std::to_string(i);
      text += "u64 " + name + "(u64, u64);\n";
      table += name + ", ";
    }
    return text + table + "};\n";
  }

  std::string epilogue() const {
    return R"(int main(void) {
  struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
  const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
  for (int i = 0; i < 4; ++i) sigaction(faults[i], &action, NULL);
  signal(SIGUSR1, on_signal);
  u64 x = )" +
           std::to_string(seed_) + R"(;
  for (int i = 0; i < (int)(sizeof table / sizeof *table); ++i) {
    fuel = 800;
    depth = 0;
    // A program that traps by itself (an overflow that is checked) goes on with the next function.
    sigjmp_buf here;
    fault_goes_to = &here;
    if (sigsetjmp(here, 1) == 0) x = x * 31 + catching(table[i], x);
    top = NULL;
    for (int j = 0; j < 64; ++j) x += memory[j] * (u64)j;
    printf("%d %llx\n", i, x);
  }
  printf("%llu signals\n", signals);
  return (int)(x & 63);
}
)";
  }

  Random random_;
  u64 seed_;
  unsigned functions_, labels_ = 0;
  bool threads_, forks_, trampolines_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: random_program SEED\n");
    return 2;
  }
  std::fputs(Program(std::strtoull(argv[1], nullptr, 0)).text().c_str(), stdout);
  return 0;
}
