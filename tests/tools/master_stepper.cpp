// The master test: interrupts a program at every instruction of emitted code and compares the state
// that the engine says the program has there with a native, single-stepped run.
//
//   master_stepper [--chunk-words=N] [--verbose] VERB OPTIONS... -- PROGRAM ARGS...
//
// VERB is `run` or `record`, with the options that tiptoe is to be called with. Says nothing and
// ends with 0 when pc, the 16 general registers, flags and the bases of fs and gs went through the
// same states in the same order, in every task; says where they part and ends with 1 otherwise.
// docs/MASTER_TEST.md explains what it does and how to read what it says.
#include <cstdio>
#include <cstdlib>
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

// False after a report.
bool compare(const Run& native, const Run& traced) {
  bool same = true;
  const auto complain = [&same](const std::string& text) {
    std::fputs(text.c_str(), stdout);
    same = false;
  };
  if (native.status != traced.status) {
    complain("exit status " + std::to_string(native.status) + " natively, " +
             std::to_string(traced.status) + " traced\n");
  }
  if (native.output != traced.output) complain("the outputs differ\n");
  if (native.tasks.size() != traced.tasks.size()) {
    complain(std::to_string(native.tasks.size()) + " tasks natively, " +
             std::to_string(traced.tasks.size()) + " traced\n");
  }
  const Comparison comparison(native, traced);
  for (size_t i = 0; i < native.tasks.size() && i < traced.tasks.size(); ++i) {
    std::vector<size_t> positions;
    const auto parted = comparison.walk(native.tasks[i].states, traced.tasks[i].states, positions);
    if (parted) complain("task " + std::to_string(i) + ": " + *parted);
  }
  return same;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Options> options = parse(argc, argv);
  if (!options) {
    std::fprintf(stderr,
                 "usage: master_stepper [--chunk-words=N] [--verbose] VERB OPTIONS... -- PROGRAM "
                 "ARGS...\n");
    return 2;
  }
  const Run native = run_natively(options->traced.command);
  const TracedRun traced = run_traced(options->traced);
  if (options->verbose) {
    size_t states = 0;
    for (const Run::Task& task : native.tasks) states += task.states.size();
    std::printf("%zu tasks, %zu native states, %llu stops\n", native.tasks.size(), states,
                static_cast<unsigned long long>(traced.stops));
  }
  return compare(native, traced.run) ? 0 : 1;
}
