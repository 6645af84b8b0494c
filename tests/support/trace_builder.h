// Makes small traces by hand, through the real writer: code bytes become blocks, and flow words are
// appended one by one.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/definitions.h"
#include "bridge/flow_words.h"
#include "trace/writer.h"

namespace tiptoe::testing {

// A file name in the test's own temporary folder, which is removed at exit.
std::filesystem::path temporary_file(const std::string& name);

// "90 c3" -> {0x90, 0xc3}
std::vector<u8> from_hex(std::string_view hex);

class TraceBuilder {
 public:
  // Begins process 1 (pid 100) of image 1 with one anonymous module over 0x1000..0x100000, and
  // thread 100, stream 1, which begins at `start_pc`.
  explicit TraceBuilder(u64 start_pc = 0x1000, const trace::WriterOptions& options = {},
                        const std::string& name = "built.trace");

  // Defines the block of this code, which ends at its last instruction; the exits follow from that.
  // A second segment is where a direct jump at the end of the first goes on inside the block.
  u32 block(u64 pc, std::string_view hex);
  u32 block(std::initializer_list<std::pair<u64, std::string_view>> segments);

  // The thread executed this block and left it by the exit of this kind.
  TraceBuilder& run(u32 block, ExitKind kind);
  // The same for blocks with one exit.
  TraceBuilder& run(u32 block);
  TraceBuilder& control(Control kind, std::initializer_list<u32> payload = {});
  TraceBuilder& signal(u32 number, u64 at, u64 handler);
  TraceBuilder& sigreturn(u64 pc);
  TraceBuilder& partial(u32 block, u32 instructions);
  // What was run since the last cut becomes a chunk; `lost` of them are left out of the file.
  TraceBuilder& cut(u32 lost = 0);
  // Further words are of a new thread or process.
  TraceBuilder& thread(u32 stream, i32 tid, u64 start_pc);
  TraceBuilder& fork(u32 process, i32 pid, u32 stream, u64 pc);
  TraceBuilder& map(u64 start, u64 bytes, const std::string& path, u64 file_offset = 0);
  TraceBuilder& unmap(u64 start, u64 bytes);

  trace::Writer& writer() { return *writer_; }
  u32 exit_id(u32 block, ExitKind kind) const;
  // Writes what is left and finishes the file.
  std::filesystem::path finish(trace::EndReason reason = trace::EndReason::kProgramEnded);

 private:
  struct Exits {
    u32 first_id = 0;
    std::vector<ExitKind> kinds;
  };

  void begin_stream(u32 stream);
  template <class T>
  void define(DefinitionKind kind, const T& fixed, const std::vector<u8>& rest = {});
  void write_flow();

  std::filesystem::path path_;
  std::optional<trace::Writer> writer_;
  std::map<u32, std::vector<u8>> definitions_;  // by process
  std::vector<Exits> blocks_;
  std::vector<u32> words_;
  std::map<u32, u32> next_sequence_;  // by stream
  u32 process_ = 1;
  u32 stream_ = 1;
  u32 next_exit_id_ = 1;
  u64 tsc_ = 1000;
};

}  // namespace tiptoe::testing
