// What the reading verbs have in common: the FILE, the choice of threads, and telling what is wrong
// with the file.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "analysis/code_map.h"
#include "analysis/streams.h"
#include "trace/program.h"
#include "trace/reader.h"

namespace tiptoe::cli {

constexpr char kDefaultTrace[] = "tiptoe.trace";

struct InputOptions {
  std::string file = kDefaultTrace;
  std::string thread;
  i32 process = 0;  // 0: all
};

void add_file_option(CLI::App& verb, InputOptions& options);
void add_thread_option(CLI::App& verb, InputOptions& options);
void add_process_option(CLI::App& verb, InputOptions& options);

// An opened trace with its threads chosen and its code named.
class TraceInput {
 public:
  static Expected<std::unique_ptr<TraceInput>> open(const InputOptions& options);
  // The same; an error where the order of execution was not recorded.
  static Expected<std::unique_ptr<TraceInput>> open_flow(const InputOptions& options);

  const trace::Reader& reader() const { return reader_; }
  const trace::Program& program() const { return program_; }
  // Whether the control flow was recorded (record --mode).
  bool has_flow() const { return program_.session.mode == trace::RecordMode::kFlow; }
  const std::vector<u32>& streams() const { return streams_; }
  symbol::Symbolizer& symbols() { return symbols_; }
  // Built at the first use.
  const analysis::CodeMap& code();

  // Tells, in one line on stderr, what is wrong with the file; `found`: by the analysis itself.
  // Returns the verb's exit status.
  int conclude(const trace::Integrity& found) const;

 private:
  TraceInput(trace::Reader reader, trace::Program program);

  trace::Reader reader_;
  trace::Program program_;
  symbol::Symbolizer symbols_;
  std::vector<u32> streams_;
  std::unique_ptr<analysis::CodeMap> code_;
};

}  // namespace tiptoe::cli
