// What `run` and `record` have in common: the program's command line, the engine's options.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "bridge/boot.h"
#include "record/session.h"

namespace tiptoe::cli {

struct ProgramOptions {
  std::string program;
  u64 cache_bytes = kDefaultCacheBytes;
  i32 trust_threshold = -1;
  u32 log_level = 0;
  bool await_debugger = false;
};

void add_program_options(CLI::App& verb, ProgramOptions& options);

// After parsing. Throws CLI::ValidationError when the program does not stand behind "--".
record::SessionOptions session_options(const CLI::App& verb, const ProgramOptions& options);

}  // namespace tiptoe::cli
