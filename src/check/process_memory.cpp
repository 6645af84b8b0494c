#include "check/process_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include <string>

#include "inject/process_facts.h"

namespace tiptoe::check {
namespace {

// As many as fit one process_vm_readv.
constexpr size_t kMaxVectors = 512;

}  // namespace

Expected<ProcessMemory> ProcessMemory::of(pid_t pid) {
  ProcessMemory memory;
  memory.pid_ = pid;
  const std::string path = "/proc/" + std::to_string(pid) + "/mem";
  memory.file_ = UniqueFd(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!memory.file_) return Error{"opening " + path + " failed: " + strerror(errno)};
  return memory;
}

u64 ProcessMemory::read(u64 address, std::span<u8> bytes) const {
  u64 done = 0;
  while (done < bytes.size()) {
    const ssize_t got = pread(file_.get(), bytes.data() + done, bytes.size() - done,
                              static_cast<off_t>(address + done));
    if (got <= 0) break;
    done += static_cast<u64>(got);
  }
  return done;
}

u64 ProcessMemory::write(u64 address, std::span<const u8> bytes) const {
  u64 done = 0;
  while (done < bytes.size()) {
    const ssize_t put = pwrite(file_.get(), bytes.data() + done, bytes.size() - done,
                               static_cast<off_t>(address + done));
    if (put <= 0) break;
    done += static_cast<u64>(put);
  }
  return done;
}

std::vector<u8> ProcessMemory::read(std::span<const Range> ranges) const {
  u64 total = 0;
  std::vector<iovec> remote;
  for (const Range& range : ranges) {
    total += range.bytes;
    remote.push_back({reinterpret_cast<void*>(range.start), range.bytes});
  }
  std::vector<u8> result(total);
  iovec local{result.data(), total};
  if (remote.size() <= kMaxVectors &&
      process_vm_readv(pid_, &local, 1, remote.data(), remote.size(), 0) ==
          static_cast<ssize_t>(total)) {
    return result;
  }
  u64 at = 0;
  for (const Range& range : ranges) {
    read(range.start, {result.data() + at, range.bytes});
    at += range.bytes;
  }
  return result;
}

std::vector<Range> common_writable_memory(pid_t of, pid_t other) {
  std::vector<Range> result;
  const auto ours = inject::read_mappings(of);
  const auto theirs = inject::read_mappings(other);
  if (!ours || !theirs) return result;
  size_t next = 0;
  for (const inject::Mapping& mapping : *ours) {
    if ((mapping.protection & PROT_WRITE) == 0) continue;
    while (next < theirs->size() && (*theirs)[next].end <= mapping.start) ++next;
    for (size_t i = next; i < theirs->size() && (*theirs)[i].start < mapping.end; ++i) {
      if ((*theirs)[i].protection == PROT_NONE) continue;
      const u64 start = std::max(mapping.start, (*theirs)[i].start);
      result.push_back({start, std::min(mapping.end, (*theirs)[i].end) - start});
    }
  }
  return result;
}

u64 copy_differences(const ProcessMemory& from, const ProcessMemory& to) {
  u64 pages = 0;
  for_each_different_page(from, to, common_writable_memory(to.pid(), from.pid()),
                          [&](u64 address, std::span<const u8> page, std::span<const u8>) {
                            to.write(address, page);
                            ++pages;
                          });
  return pages;
}

}  // namespace tiptoe::check
