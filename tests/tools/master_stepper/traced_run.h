// The program under the engine, stopped at every instruction of emitted code and of the gate.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/master_stepper/state.h"

namespace tiptoe::master {

// Signals sent to the program's first task: at the `first` stop, and then every `gap` stops.
struct Injections {
  u64 first = 0;
  u64 gap = 0;
};

struct TracedOptions {
  std::vector<std::string> tiptoe;  // the verb and its options
  std::vector<std::string> command;
  std::optional<Injections> injections;
  u32 words_in_chunk = 0;  // leaves so little room in every chunk of events; 0: all of it
};

struct Injection {
  size_t states;  // how many states had been seen
  bool known;
  State state;  // that the engine gave there
};

struct TracedRun {
  Run run;
  std::vector<Injection> injections;
  u64 stops = 0;
};

TracedRun run_traced(const TracedOptions& options);

}  // namespace tiptoe::master
