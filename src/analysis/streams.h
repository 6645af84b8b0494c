// Choosing streams, and feeding them to a walker with the gaps that the file has.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trace/flow_reader.h"
#include "trace/program.h"

namespace tiptoe::analysis {

struct StreamFilter {
  std::string thread;          // a tid, a stream number, or IMAGE.STREAM; empty: all
  std::optional<i32> process;  // a pid
};

// Indices into Program::streams. An error when the filter names nothing that is there.
Expected<std::vector<u32>> select_streams(const trace::Program& program,
                                          const StreamFilter& filter);

// "1.3": how a stream can be named without doubt.
std::string stream_name(const trace::Program& program, const trace::Stream& stream);
// "thread 4711 of ls": for headings.
std::string stream_title(const trace::Program& program, const trace::Stream& stream);
i32 pid_of(const trace::Program& program, const trace::Stream& stream);

// Passes every record of a stream to `walker` (exit, control), and calls walker.gap() where chunks
// are missing. What was wrong is added to `problems`.
template <class Walker>
void walk_stream(const trace::Reader& reader, const trace::Stream& stream, Walker& walker,
                 trace::Integrity& problems) {
  trace::FlowReader flow(reader, stream);
  trace::FlowChunk chunk;
  while (flow.next(chunk)) {
    if (chunk.missing_before != 0) walker.gap();
    if (!trace::for_each_record(chunk.words, walker)) {
      problems.add("flow chunk " + std::to_string(chunk.sequence) +
                   " of a thread ends in the middle of a record");
      walker.gap();
    }
  }
  for (const std::string& problem : flow.problems().problems) problems.add(problem);
}

}  // namespace tiptoe::analysis
