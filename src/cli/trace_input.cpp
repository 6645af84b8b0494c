#include "cli/trace_input.h"

#include "analysis/learn_entries.h"
#include "cli/output.h"
#include "cli/verbs.h"

namespace tiptoe::cli {

void add_file_option(CLI::App& verb, InputOptions& options) {
  verb.add_option("FILE", options.file, "The trace to read (default: tiptoe.trace)");
}

void add_thread_option(CLI::App& verb, InputOptions& options) {
  verb.add_option(
      "--thread", options.thread,
      "Only this thread: a tid, a stream number, or IMAGE.STREAM as tiptoe info lists them");
}

void add_process_option(CLI::App& verb, InputOptions& options) {
  verb.add_option("--process", options.process, "Only the threads of the process with this pid");
}

TraceInput::TraceInput(trace::Reader reader, trace::Program program)
    : reader_(std::move(reader)), program_(std::move(program)), symbols_(program_) {}

Expected<std::unique_ptr<TraceInput>> TraceInput::open(const InputOptions& options) {
  Expected<trace::Reader> reader = trace::Reader::open(options.file);
  if (!reader) return reader.error();
  trace::Program program = trace::Program::load(*reader);
  std::unique_ptr<TraceInput> input(new TraceInput(std::move(*reader), std::move(program)));
  analysis::StreamFilter filter{options.thread, {}};
  if (options.process != 0) filter.process = options.process;
  auto streams = analysis::select_streams(input->program_, filter);
  if (!streams) return streams.error();
  input->streams_ = std::move(*streams);
  return input;
}

Expected<std::unique_ptr<TraceInput>> TraceInput::open_flow(const InputOptions& options) {
  auto input = open(options);
  if (input && !(*input)->has_flow()) {
    return Error{options.file +
                 " was recorded with --mode coverage: it tells what was executed (tiptoe report), "
                 "not in what order; record it again without --mode"};
  }
  return input;
}

const analysis::CodeMap& TraceInput::code() {
  if (code_ == nullptr) {
    analysis::learn_entries(reader_, program_, streams_, symbols_);
    code_ = std::make_unique<analysis::CodeMap>(program_, symbols_);
    for (const std::string& warning : symbols_.warnings()) warn("note: " + warning);
  }
  return *code_;
}

int TraceInput::conclude(const trace::Integrity& found) const {
  const trace::Integrity* all[] = {&reader_.integrity(), &program_.problems, &found};
  u64 count = 0;
  const std::string* first = nullptr;
  for (const trace::Integrity* integrity : all) {
    count += integrity->problem_count;
    if (first == nullptr && !integrity->problems.empty()) first = &integrity->problems.front();
  }
  if (count == 0) return 0;
  std::string message = reader_.name() + " is not whole: " + *first;
  if (count > 1) message += " (and " + with_commas(count - 1) + " more; see tiptoe info)";
  return fail(message, kIncomplete);
}

}  // namespace tiptoe::cli
