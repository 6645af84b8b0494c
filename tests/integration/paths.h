// The path that a program took, as the stepper saw it natively and as a trace tells it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "integration/child.h"

namespace tiptoe::test {

// One thread's executed instructions: addresses as printed, in order.
using Path = std::vector<std::string>;

// Single-steps the program natively; one path a task, in the order of creation. Adds a test failure
// when its exit status is not `status`.
std::vector<Path> stepped_paths(const Command& program, int status = 0);

// Records the program with address randomization off, keeping the trace at `trace`.
Outcome record(const std::string& trace, const Command& program);

// The paths of all threads in a trace.
std::vector<Path> traced_paths(const std::string& trace);

// The path that `tiptoe path --raw` prints when not asked for a thread; empty after a test failure.
Path traced_path(const std::string& trace);

// What is different, in words, with the surroundings of the first different line; nothing when each
// task's path is the path of exactly one thread.
std::optional<std::string> difference(std::vector<Path> stepped, std::vector<Path> traced);

}  // namespace tiptoe::test
