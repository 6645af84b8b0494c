// One run of a program under Tiptoe, from its start to its end, with or without a recording.
//
// Three parties: the program; the warden (a process, warden.h), its parent, which does the ptrace
// work; and the recorder, which is the calling process: it drains event memory, writes the trace,
// stands in the shell's place for the program (signals, job control, exit status).
//
// The recording ends when the program ends, not when the last of its descendants does: as a shell
// would, tiptoe returns then. Processes that still run go on, untraced from then on. Should the
// warden be killed, the recording ends in the same way and tiptoe, which can then learn no exit
// status, says so and exits with 125.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/types.h"
#include "bridge/boot.h"
#include "trace/records.h"

namespace tiptoe::record {

constexpr int kExitFailed = 125;         // tiptoe itself failed
constexpr int kExitNotExecutable = 126;  // as env(1) and the shells
constexpr int kExitNotFound = 127;

struct SessionOptions {
  std::vector<std::string> argv;      // the program and its arguments
  std::optional<std::string> output;  // the trace file; none: nothing is recorded
  bool follow_children = true;
  trace::RecordMode mode = trace::RecordMode::kFlow;
  bool wait = false;  // record what outlives the program, too, until all has ended
  u64 cache_bytes = kDefaultCacheBytes;
  i32 trust_threshold = -1;
  u32 log_level = 0;
  u32 boot_flags = 0;           // BootFlag
  u32 first_exit_id = 1;        // no option sets it: for tests of what happens near the last one
  std::span<const u8> runtime;  // the runtime's ELF image
  std::string version;          // of tiptoe, for the trace
};

// Runs it; returns what tiptoe is to exit with. Messages go to stderr, a line each. The calling
// process must be single-threaded, and loses every inherited descriptor but stderr.
int run_session(const SessionOptions& options);

}  // namespace tiptoe::record
