// Writes a trace file: self-delimiting, checksummed, compressed sections, then an index and an end
// marker. See FORMAT.md for the bytes.
//
// Space for the index and the end marker is kept allocated ahead of everything that is written, so
// a full disk ends the recording with a marked end instead of a torn file: the call that did not
// fit fails once, `ended()` is then true, later writes do nothing and fail too, and finish() stores
// the reason. Whatever was accepted before is in the file. Not thread-safe. Cost: zstd -1, about
// 0.3 to 1 GB/s of flow words; LZ4, 1.5 GB/s and more.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "trace/codec.h"
#include "trace/records.h"
#include "trace/result.h"

namespace tiptoe::trace {

struct WriterOptions {
  Codec codec = Codec::kZstd;  // LZ4 is faster and about half as dense; see use_codec()
  u64 max_file_bytes = 0;      // 0: as the file system and RLIMIT_FSIZE allow
};

struct WriterTotals {
  u64 file_bytes = 0;
  u64 flow_words = 0;
  u64 raw_bytes = 0;
  u32 sections = 0;
};

class Writer {
 public:
  // Creates the file with mode 0600. An existing file of that name is kept as NAME.old (an earlier
  // NAME.old is replaced); something else of that name (a directory, a device) is an error.
  static Expected<Writer> create(const std::filesystem::path& path, const SessionInfo& session,
                                 const WriterOptions& options = {});
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;
  ~Writer();  // closes; without finish() the file is as if the recorder had been killed

  // For the sections written from now on.
  void use_codec(Codec codec);

  // One flow chunk of a stream. `words` as copied out of event memory: up to and including its last
  // word, without the zeros behind. At most kChunkBytes.
  Status write_flow(u32 image, u32 stream, u32 sequence, u64 begin_tsc, u64 end_tsc,
                    std::span<const u32> words);
  // Complete definition records, verbatim. `offset`: where in chunk `sequence` of that process they
  // begin, so that a chunk may be written in parts while it fills.
  Status write_definitions(u32 image, u32 process, u32 sequence, u32 offset,
                           std::span<const u8> records);
  Status write_image(u32 image, i32 pid, const ImageInfo& info);
  Status write_module_identity(const ModuleIdentity& module);
  Status write_process_end(u32 image, u32 process, i32 pid, int wait_status);
  // One line of text that a person reading the trace should see.
  Status write_note(std::string_view text);
  // Index, end marker. Call once, last. The reason becomes kDiskFull or kWriteFailed by itself when
  // a write failed.
  Status finish(EndReason reason, const SessionTotals& totals);

  // True once a write failed: nothing more is taken.
  bool ended() const;
  WriterTotals totals() const;

 private:
  struct Impl;
  explicit Writer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tiptoe::trace
