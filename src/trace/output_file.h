// The file under a Writer: appends, and keeps space allocated ahead so that what must still be
// written at the end always fits.
//
// Allocation is by fallocate beyond the end of the file, without changing its size: a killed
// recorder leaves no zeros behind. A file system without fallocate is written without the
// guarantee. The process' file size limit is looked up, not run into: reaching it would raise
// SIGXFSZ.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <span>
#include <string>

#include "base/types.h"
#include "trace/result.h"

namespace tiptoe::trace {

class OutputFile {
 public:
  // See Writer::create for what happens to an older file. `limit`: 0 for none.
  static Expected<OutputFile> create(const std::filesystem::path& path, u64 limit);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();

  // True when `bytes` more can be appended. Allocates them when that can be done.
  bool reserve(u64 bytes);
  // Appends both, or nothing: after a failure the file ends where it did before.
  Status append(std::span<const u8> head, std::span<const u8> tail);
  // Gives back what was allocated and not used, closes, and reports what close reports, or that the
  // file is not where it was created any more.
  Status close();

  u64 size() const { return size_; }
  const std::string& name() const { return name_; }

 private:
  OutputFile(int fd, std::string name, u64 limit)
      : fd_(fd), name_(std::move(name)), limit_(limit) {}
  Status failure(const char* what, int error) const;

  int fd_ = -1;
  std::string name_;
  u64 limit_ = 0;
  u64 size_ = 0;
  u64 allocated_ = 0;
  bool can_allocate_ = true;
};

}  // namespace tiptoe::trace
