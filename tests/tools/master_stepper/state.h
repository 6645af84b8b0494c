// What of a thread is compared: pc, general registers, flags, segment bases, x87 and vector
// registers. And sequences of it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "bridge/inspection.h"

namespace tiptoe::master {

// The trap and the resume flag are ptrace's own.
constexpr u64 kComparedFlags = ~u64{1 << 8 | 1 << 16};

struct State {
  MachineState registers{};
  u64 fs_base = 0;
  u64 gs_base = 0;
  u64 vectors = 0;  // see vectors.h

  // Where the thread was: for reports.
  u64 machine_pc = 0;
  u32 where = 0;
};

// One task's states in their order, equal neighbours once.
using Sequence = std::vector<State>;

// A run of a program: its tasks, a parent before its children, in the order of their creation.
struct Run {
  struct Task {
    pid_t tid;
    Sequence states;
  };
  std::vector<Task> tasks;
  std::string output;  // what it wrote on its standard output
  int status = 0;      // exit status, or 128 + signal
};

void append(Sequence& sequence, const State& state);

// Compares states of two runs. Registers that hold the id of a task are equal when it is the same
// task; parity and auxiliary carry, which a test of such a register gives, may then differ until
// they are overwritten.
class Comparison {
 public:
  Comparison(const Run& native, const Run& traced) : native_(native), traced_(traced) {}

  // One line a register that differs.
  std::string difference(const State& native, const State& traced) const;
  // Walks both; positions[i] is where in `native` the i-th of `traced` stands. A report of the
  // first difference, or nothing.
  std::optional<std::string> walk(const Sequence& native, const Sequence& traced,
                                  std::vector<size_t>& positions) const;

 private:
  // What may differ: in the flags, and in r11, where a system call puts them.
  struct Doubt {
    u64 flags = 0;
    u64 r11 = 0;
  };
  bool same(const State& native, const State& traced, const Doubt& doubt) const;
  // Behind two states that are the same.
  Doubt doubt_behind(const State& native, const State& traced, const Doubt& before) const;
  bool same_value(u64 native, u64 traced) const;
  static int task_of(const Run& run, u64 value);

  const Run& native_;
  const Run& traced_;
};

std::string describe(const State& state);

}  // namespace tiptoe::master
