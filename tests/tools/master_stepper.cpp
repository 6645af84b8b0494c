// The master test: interrupts a program at every instruction of emitted code and compares the state
// that the engine says the program has there with a native, single-stepped run.
//
//   master_stepper [--chunk-words=N] [--inject=FIRST,GAP] [--verbose] VERB OPTIONS... -- PROGRAM
//   ARGS...
//
// VERB is `run` or `record`, with the options that tiptoe is to be called with. Says nothing and
// ends with 0 when pc, the 16 general registers, flags and the bases of fs and gs went through the
// same states in the same order, in every task; says where they part and ends with 1 otherwise.
// --inject sends SIGUSR1 at the stop number FIRST behind the program's symbol `ready`, and at every
// GAP-th from there to `done`; here the gate's instructions are stops too. The program's handler
// writes the registers that it finds in its context, which must be those of the native run at that
// place. docs/MASTER_TEST.md explains what it does and how to read what it says.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tools/master_stepper/native_run.h"
#include "tools/master_stepper/traced_run.h"

namespace {

using namespace tiptoe;
using namespace tiptoe::master;

struct Options {
  TracedOptions traced;
  bool verbose = false;
};

bool take(const std::string& word, const std::string& name, std::string& value) {
  if (!word.starts_with(name)) return false;
  value = word.substr(name.size());
  return true;
}

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  int at = 1;
  std::string value;
  for (; at < argc && argv[at][0] == '-'; ++at) {
    if (take(argv[at], "--chunk-words=", value)) {
      options.traced.words_in_chunk = static_cast<u32>(std::strtoul(value.c_str(), nullptr, 0));
    } else if (take(argv[at], "--inject=", value)) {
      char* rest = nullptr;
      Injections injections;
      injections.first = std::strtoul(value.c_str(), &rest, 0);
      injections.gap = *rest == ',' ? std::strtoul(rest + 1, nullptr, 0) : 0;
      if (injections.gap == 0) return std::nullopt;
      options.traced.injections = injections;
    } else if (take(argv[at], "--verbose", value)) {
      options.verbose = true;
    } else {
      return std::nullopt;
    }
  }
  for (; at < argc && argv[at] != std::string("--"); ++at)
    options.traced.tiptoe.push_back(argv[at]);
  for (++at; at < argc; ++at) options.traced.command.push_back(argv[at]);
  if (options.traced.tiptoe.empty() || options.traced.command.empty()) return std::nullopt;
  return options;
}

// What the handler wrote, in the order of a signal context.
State state_in_handler(const std::string& output, size_t index) {
  constexpr unsigned kOrder[] = {8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 3, 2, 0, 1, 4};
  u64 words[18];
  std::memcpy(words, output.data() + index * sizeof words, sizeof words);
  State state;
  for (unsigned i = 0; i < 16; ++i) state.registers.gpr[kOrder[i]] = words[i];
  state.registers.pc = words[16];
  state.registers.rflags = words[17];
  return state;
}

// Each handler saw the state that the engine gave where the signal was sent; where it gave none,
// the one before or the next.
bool compare_handlers(const Comparison& comparison, const Run& native, const TracedRun& traced,
                      const std::vector<size_t>& positions) {
  constexpr size_t kBytes = 18 * sizeof(u64);
  const std::string& output = traced.run.output;
  if (output.size() != traced.injections.size() * kBytes) {
    std::printf("%zu signals were sent, %zu bytes written by handlers\n", traced.injections.size(),
                output.size());
    return false;
  }
  const Sequence& due = native.tasks.front().states;
  for (size_t i = 0; i < traced.injections.size(); ++i) {
    const Injection& injection = traced.injections[i];
    State seen = state_in_handler(output, i);
    const size_t at = positions[injection.states - 1];
    seen.fs_base = due[at].fs_base;
    seen.gs_base = due[at].gs_base;
    seen.vectors = due[at].vectors;  // of which the handler says nothing
    seen.machine_pc = injection.state.machine_pc;
    seen.where = injection.state.where;
    if (comparison.difference(due[at], seen).empty()) continue;
    if (!injection.known && at + 1 < due.size()) {
      State next = seen;
      next.vectors = due[at + 1].vectors;
      if (comparison.difference(due[at + 1], next).empty()) continue;
    }
    std::printf("signal %zu of %zu, state %zu: the handler saw %s\n%s", i, traced.injections.size(),
                at, describe(seen).c_str(), comparison.difference(due[at], seen).c_str());
    return false;
  }
  return true;
}

// False after a report.
bool compare(const Run& native, const TracedRun& traced_run) {
  const Run& traced = traced_run.run;
  const bool injected = !traced_run.injections.empty();
  bool same = true;
  const auto complain = [&same](const std::string& text) {
    std::fputs(text.c_str(), stdout);
    same = false;
  };
  if (native.status != traced.status) {
    complain("exit status " + std::to_string(native.status) + " natively, " +
             std::to_string(traced.status) + " traced\n");
  }
  if (!injected && native.output != traced.output) complain("the outputs differ\n");
  if (native.tasks.size() != traced.tasks.size()) {
    complain(std::to_string(native.tasks.size()) + " tasks natively, " +
             std::to_string(traced.tasks.size()) + " traced\n");
  }
  const Comparison comparison(native, traced);
  for (size_t i = 0; i < native.tasks.size() && i < traced.tasks.size(); ++i) {
    std::vector<size_t> positions;
    const auto parted = comparison.walk(native.tasks[i].states, traced.tasks[i].states, positions);
    if (parted) complain("task " + std::to_string(i) + ": " + *parted);
    if (!parted && i == 0 && injected) {
      same = compare_handlers(comparison, native, traced_run, positions) && same;
    }
  }
  return same;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Options> options = parse(argc, argv);
  if (!options) {
    std::fprintf(stderr,
                 "usage: master_stepper [--chunk-words=N] [--inject=FIRST,GAP] [--verbose] VERB "
                 "OPTIONS... -- PROGRAM ARGS...\n");
    return 2;
  }
  const Run native = run_natively(options->traced.command);
  const TracedRun traced = run_traced(options->traced);
  if (options->verbose) {
    size_t states = 0;
    for (const Run::Task& task : native.tasks) states += task.states.size();
    std::printf("%zu tasks, %zu native states, %llu stops, %zu signals\n", native.tasks.size(),
                states, static_cast<unsigned long long>(traced.stops), traced.injections.size());
  }
  return compare(native, traced) ? 0 : 1;
}
