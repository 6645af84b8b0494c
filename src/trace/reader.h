// Opens a trace file of any condition: complete, cut at any byte, damaged, or hostile.
//
// Opening reads the index (or scans the section headers when there is none), and nothing else;
// payloads are read, checked and decompressed one by one on request, so memory does not grow with
// the file. What is missing or wrong is collected in `integrity()`. Nothing in a file is believed
// unchecked: offsets and sizes are bounded by the file, checksums are verified, decompression has
// limits.
//
// A Reader is safe to share between threads; each thread uses its own PayloadBuffer.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "trace/codec.h"
#include "trace/format.h"
#include "trace/record_fields.h"
#include "trace/result.h"

namespace tiptoe::trace {

// Something that a person should know about the file, one line.
struct Integrity {
  bool has_end = false;  // the end marker is there: the recorder finished the file
  bool has_index = false;
  std::vector<std::string> problems;  // at most kMaxProblems, then a count
  u64 problem_count = 0;

  void add(std::string problem);
  bool ok() const { return has_end && problem_count == 0; }
};
constexpr size_t kMaxProblems = 50;

// Memory for one payload at a time, reused.
struct PayloadBuffer {
  std::vector<u8> stored;
  std::vector<u8> raw;
  Decompressor decompressor;
};

using Section = IndexEntry;

class Reader {
 public:
  // Fails only when there is no such file, it cannot be read, it is no trace, or its format is
  // newer than this reader.
  static Expected<Reader> open(const std::filesystem::path& path);
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  const std::string& name() const { return name_; }
  u64 file_bytes() const { return file_bytes_; }
  // All sections but index and end, in file order.
  const std::vector<Section>& sections() const { return sections_; }
  const std::optional<EndRecord>& end() const { return end_; }
  const Integrity& integrity() const { return integrity_; }

  // The payload of one section, valid until the buffer's next use.
  Expected<std::span<const u8>> payload(const Section& section, PayloadBuffer& buffer) const;

 private:
  Reader(int fd, std::string name, u64 file_bytes);

  Status check_file_header();
  bool load_index();
  std::optional<std::vector<Section>> read_index(u64 last_part) const;
  void scan();
  void check_trailer_at(u64 offset);
  void note_cut(u64 offset, u64 wanted);
  std::optional<u64> find_next_section(u64 from) const;
  bool read_at(u64 offset, void* out, size_t size) const;
  std::optional<SectionHeader> read_header(u64 offset) const;
  void take(u64 offset, const SectionHeader& header);
  void check_numbers();

  int fd_ = -1;
  std::string name_;
  u64 file_bytes_ = 0;
  std::vector<Section> sections_;
  std::optional<EndRecord> end_;
  Integrity integrity_;
};

// "flow of image 1, stream 2, chunk 3": for messages.
std::string describe(const SectionHeader& header);

}  // namespace tiptoe::trace
