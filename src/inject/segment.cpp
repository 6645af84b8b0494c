#include "inject/segment.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <string>

namespace tiptoe::inject {
namespace {

constexpr u64 kDescriptorsOffset = kPageBytes;

Error failed(const char* what) {
  return Error{std::string(what) + " failed: " + strerror(errno)};
}

}  // namespace

u64 segment_head_bytes(u32 chunk_count) {
  return align_up(kDescriptorsOffset + u64{chunk_count} * sizeof(ChunkDescriptor), kPageBytes);
}

u64 segment_bytes(u32 chunk_count) {
  return segment_head_bytes(chunk_count) + u64{chunk_count} * kChunkBytes;
}

Status initialise_segment(int memfd, const SegmentOptions& options) {
  const u64 bytes = segment_bytes(options.chunk_count);
  if (ftruncate(memfd, static_cast<off_t>(bytes)) != 0) {
    return Error{std::string("cannot make shared memory of ") + std::to_string(bytes >> 20) +
                 " MiB: " + strerror(errno) + " (see ulimit -f)"};
  }
  Expected<SegmentMapping> mapping = SegmentMapping::map(memfd, kPageBytes);
  if (!mapping) return mapping.error();
  ControlPage& control = mapping->control();
  control.magic = kSegmentMagic;
  control.version = kSegmentVersion;
  control.segment_bytes = bytes;
  control.chunk_count = options.chunk_count;
  control.flags = options.control_flags;
  control.descriptors_offset = kDescriptorsOffset;
  control.chunks_offset = segment_head_bytes(options.chunk_count);
  control.recorder_pid = options.recorder_pid;
  control.backlog_limit = options.backlog_limit;
  control.next_stream = 1;
  control.next_exit_id = options.first_exit_id;
  control.next_process = 1;
  return {};
}

Expected<SegmentMapping> SegmentMapping::map(int memfd, u64 bytes) {
  const u64 whole = bytes + kPageBytes;
  void* place = mmap(nullptr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) return failed("mapping shared memory");
  SegmentMapping mapping(static_cast<u8*>(place), whole);
  if (mprotect(place, kPageBytes, PROT_READ | PROT_WRITE) != 0 ||
      mmap(mapping.base_ + kPageBytes, bytes, PROT_READ | PROT_WRITE,
           MAP_SHARED | MAP_FIXED | MAP_NORESERVE, memfd, 0) == MAP_FAILED) {
    return failed("mapping shared memory");
  }
  return mapping;
}

SegmentMapping::SegmentMapping(SegmentMapping&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

SegmentMapping& SegmentMapping::operator=(SegmentMapping&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

SegmentMapping::~SegmentMapping() {
  if (base_) munmap(base_, bytes_);
}

ChunkDescriptor& SegmentMapping::descriptor(u32 index) const {
  return reinterpret_cast<ChunkDescriptor*>(base_ + kPageBytes + kDescriptorsOffset)[index];
}

u8* SegmentMapping::chunk(u32 chunk_count, u32 index) const {
  return base_ + kPageBytes + segment_head_bytes(chunk_count) + u64{index} * kChunkBytes;
}

}  // namespace tiptoe::inject
