// The memory of another process, read and written from outside whatever its protections are.
#pragma once

#include <sys/types.h>

#include <span>
#include <vector>

#include "base/types.h"
#include "inject/unique_fd.h"
#include "trace/result.h"

namespace tiptoe::check {

struct Range {
  u64 start = 0;
  u64 bytes = 0;
};

class ProcessMemory {
 public:
  static Expected<ProcessMemory> of(pid_t pid);

  pid_t pid() const { return pid_; }
  // How many bytes could be read or written before the first page that is not there.
  u64 read(u64 address, std::span<u8> bytes) const;
  u64 write(u64 address, std::span<const u8> bytes) const;
  // All of the ranges, one after another, in few system calls. What cannot be read is zero.
  std::vector<u8> read(std::span<const Range> ranges) const;

 private:
  pid_t pid_ = 0;
  UniqueFd file_;
};

// The ranges that a program may write in `of` and that `other` has too.
std::vector<Range> common_writable_memory(pid_t of, pid_t other);

// Visits the pages of `ranges` that differ: visit(address, ours, theirs) with spans of a page.
template <typename Visit>
void for_each_different_page(const ProcessMemory& ours, const ProcessMemory& theirs,
                             std::span<const Range> ranges, Visit visit);

// Makes the writable memory of `to` equal to that of `from`. Returns how many pages differed.
u64 copy_differences(const ProcessMemory& from, const ProcessMemory& to);

}  // namespace tiptoe::check

#include "check/process_memory_inl.h"
