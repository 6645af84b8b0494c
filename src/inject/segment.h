// The shared memory of one image as the outside sees it: laid out, initialised, mapped.
#pragma once

#include <sys/types.h>

#include <span>

#include "base/types.h"
#include "bridge/shared_memory.h"
#include "inject/unique_fd.h"
#include "trace/result.h"

namespace tiptoe::inject {

struct SegmentOptions {
  u32 chunk_count = 0;  // 0: nothing is recorded
  u32 control_flags = 0;
  u32 backlog_limit = 0;
  i32 recorder_pid = 0;
  u32 first_exit_id = 1;
};

// Bytes of the whole segment, and of its head (control page and descriptors).
u64 segment_bytes(u32 chunk_count);
u64 segment_head_bytes(u32 chunk_count);

// Sizes the memfd and writes its control page: no chunk used, the counters at their first numbers.
Status initialise_segment(int memfd, const SegmentOptions& options);

// A mapping of (the first bytes of) a segment, preceded by one private page: the recorder keeps
// there what must stand at a fixed distance from the control page and must not be shared.
class SegmentMapping {
 public:
  static Expected<SegmentMapping> map(int memfd, u64 bytes);
  SegmentMapping(SegmentMapping&& other) noexcept;
  SegmentMapping& operator=(SegmentMapping&& other) noexcept;
  ~SegmentMapping();

  ControlPage& control() const { return *reinterpret_cast<ControlPage*>(base_ + kPageBytes); }
  ChunkDescriptor& descriptor(u32 index) const;
  u8* chunk(u32 chunk_count, u32 index) const;
  u8* private_page() const { return base_; }

 private:
  SegmentMapping(u8* base, u64 bytes) : base_(base), bytes_(bytes) {}
  u8* base_;
  u64 bytes_;  // with the private page
};

}  // namespace tiptoe::inject
