// Running programs as `tiptoe run` and `tiptoe record` do, with the fake runtime inside.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "fake_runtime.h"
#include "workshop.h"

namespace tiptoe::testing {

struct TracedOptions {
  u32 parts = 0;                          // FakePart
  std::string output{};                   // the trace file; empty: nothing is recorded
  std::function<void()> prepare = [] {};  // in the process that becomes tiptoe
};

inline TracedOptions preparing(const std::function<void()>& prepare) {
  TracedOptions options;
  options.prepare = prepare;
  return options;
}

Outcome run_traced(const Workshop& workshop, const std::vector<std::string>& argv,
                   const TracedOptions& options = {});
// The part of it that a child does itself.
int become_tiptoe(const std::vector<std::string>& argv, const TracedOptions& options);

}  // namespace tiptoe::testing
