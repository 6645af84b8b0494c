#include "tools/master_stepper/state.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace tiptoe::master {
namespace {

constexpr const char* kNames[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                  "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
// As engine::Where.
constexpr const char* kPlaces[] = {
    "cache", "gate", "before syscall", "behind syscall", "raise", "call", "copy", "runtime", "app"};
constexpr size_t kShownBefore = 3;
constexpr unsigned kR11 = 11;
constexpr u64 kParityAndAuxiliary = 1 << 2 | 1 << 4;

std::string format(const char* text, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, text);
  std::vsnprintf(line, sizeof line, text, arguments);
  va_end(arguments);
  return line;
}

using Number = unsigned long long;

std::string different_value(const char* name, u64 native, u64 traced) {
  return format("    %-6s native %016llx traced %016llx\n", name, Number{native}, Number{traced});
}

bool identical(const State& a, const State& b) {
  return std::memcmp(a.registers.gpr, b.registers.gpr, sizeof a.registers.gpr) == 0 &&
         ((a.registers.rflags ^ b.registers.rflags) & kComparedFlags) == 0 &&
         a.registers.pc == b.registers.pc && a.fs_base == b.fs_base && a.gs_base == b.gs_base &&
         a.vectors == b.vectors;
}

}  // namespace

void append(Sequence& sequence, const State& state) {
  if (sequence.empty() || !identical(sequence.back(), state)) sequence.push_back(state);
}

int Comparison::task_of(const Run& run, u64 value) {
  for (size_t i = 0; i < run.tasks.size(); ++i) {
    if (static_cast<u64>(run.tasks[i].tid) == value) return static_cast<int>(i);
  }
  return -1;
}

bool Comparison::same_value(u64 native, u64 traced) const {
  if (native == traced) return true;
  const int task = task_of(native_, native);
  return task >= 0 && task == task_of(traced_, traced);
}

Comparison::Doubt Comparison::doubt_behind(const State& native, const State& traced,
                                           const Doubt& before) const {
  Doubt doubt;
  doubt.r11 = native.registers.gpr[kR11] ^ traced.registers.gpr[kR11];
  doubt.flags = (native.registers.rflags ^ traced.registers.rflags) & before.flags;
  for (unsigned i = 0; i < 16; ++i) {
    const u64 value = native.registers.gpr[i];
    if (value != traced.registers.gpr[i] && task_of(native_, value) >= 0) {
      doubt.flags = kParityAndAuxiliary;
    }
  }
  return doubt;
}

bool Comparison::same(const State& native, const State& traced, const Doubt& doubt) const {
  for (unsigned i = 0; i < 16; ++i) {
    const u64 a = native.registers.gpr[i], b = traced.registers.gpr[i];
    if (i == kR11 && ((a ^ b) & ~(doubt.flags | doubt.r11)) == 0) continue;
    if (!same_value(a, b)) return false;
  }
  const u64 flags = native.registers.rflags ^ traced.registers.rflags;
  return (flags & kComparedFlags & ~doubt.flags) == 0 &&
         native.registers.pc == traced.registers.pc && native.fs_base == traced.fs_base &&
         native.gs_base == traced.gs_base && native.vectors == traced.vectors;
}

std::string Comparison::difference(const State& native, const State& traced) const {
  std::string text;
  const auto compare = [&](const char* name, u64 a, u64 b) {
    if (!same_value(a, b)) text += different_value(name, a, b);
  };
  compare("pc", native.registers.pc, traced.registers.pc);
  for (unsigned i = 0; i < 16; ++i) {
    compare(kNames[i], native.registers.gpr[i], traced.registers.gpr[i]);
  }
  compare("flags", native.registers.rflags & kComparedFlags,
          traced.registers.rflags & kComparedFlags);
  compare("fs", native.fs_base, traced.fs_base);
  compare("gs", native.gs_base, traced.gs_base);
  if (native.vectors != traced.vectors) text += "    x87 or vector registers differ\n";
  return text;
}

std::string describe(const State& state) {
  std::string text = format("pc %llx", Number{state.registers.pc});
  if (state.machine_pc != 0) {
    text += format(", stopped at %llx (%s)", Number{state.machine_pc}, kPlaces[state.where]);
  }
  return text;
}

std::optional<std::string> Comparison::walk(const Sequence& native, const Sequence& traced,
                                            std::vector<size_t>& positions) const {
  size_t at = 0;
  Doubt doubt;
  for (size_t i = 0; i < traced.size(); ++i) {
    const bool stays = at < native.size() && same(native[at], traced[i], doubt);
    const bool advances =
        !stays && at + 1 < native.size() && same(native[at + 1], traced[i], doubt);
    if (!stays && !advances) {
      std::string text = format("state %zu of the traced run, behind state %zu of %zu natively:\n",
                                i, at, native.size());
      for (size_t j = i - std::min(i, kShownBefore); j <= i; ++j) {
        text += (j == i ? "  > " : "    ") + describe(traced[j]) + "\n";
      }
      if (at < native.size()) {
        text += "  against the state before:\n" + difference(native[at], traced[i]);
      }
      if (at + 1 < native.size()) {
        text += "  against the state due:\n" + difference(native[at + 1], traced[i]);
      }
      return text;
    }
    at += advances;
    doubt = doubt_behind(native[at], traced[i], doubt);
    positions.push_back(at);
  }
  if (at + 1 < native.size()) {
    return format("the traced run ends at state %zu of %zu: ", at, native.size()) +
           (traced.empty() ? "nothing was seen" : describe(traced.back())) + "\n";
  }
  return std::nullopt;
}

}  // namespace tiptoe::master
