#include "tools/master_stepper/vectors.h"

#include <cpuid.h>
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace tiptoe::master {
namespace {

constexpr u64 kLegacyBytes = 512, kHeaderBytes = 64;
constexpr u64 kPrime = 0x9e3779b97f4a7c15;

struct Part {
  u64 offset, bytes;
  unsigned component;
};

// Components 2 and 5 to 7: the upper halves of ymm, the masks, zmm.
const std::vector<Part>& parts() {
  static const std::vector<Part> all = [] {
    std::vector<Part> found{{0, 5, 0}, {24, 4, 1}, {160, 256, 1}};
    for (u64 i = 0; i < 8; ++i) found.push_back({32 + 16 * i, 10, 0});
    for (const unsigned component : {2u, 5u, 6u, 7u}) {
      unsigned bytes = 0, offset = 0, c = 0, d = 0;
      __cpuid_count(0xd, component, bytes, offset, c, d);
      if (bytes != 0) found.push_back({offset, bytes, component});
    }
    return found;
  }();
  return all;
}

u64 area_bytes() {
  u64 bytes = kLegacyBytes + kHeaderBytes;
  for (const Part& part : parts()) bytes = std::max(bytes, part.offset + part.bytes);
  return (bytes + 7) & ~u64{7};
}

}  // namespace

u64 vector_digest(const Task& task) {
  static std::vector<u8> area(area_bytes());
  std::memset(area.data(), 0, area.size());
  iovec io{area.data(), area.size()};
  if (ptrace(PTRACE_GETREGSET, task.tid(), NT_X86_XSTATE, &io) != 0) die("PTRACE_GETREGSET");
  u64 present = 0;
  std::memcpy(&present, area.data() + kLegacyBytes, sizeof present);
  u64 digest = 0;
  for (const Part& part : parts()) {
    // What is in its initial state may be left out: that is zeros, and for the first two components
    // the kernel has filled it in.
    if (part.component > 1 && (present >> part.component & 1) == 0) continue;
    for (u64 at = part.offset, left = part.bytes; left != 0;) {
      u64 word = 0;
      const u64 bytes = std::min<u64>(left, sizeof word);
      std::memcpy(&word, area.data() + at, bytes);
      if (word != 0) digest += ((word ^ word >> 29) + at) * kPrime ^ word >> 7;
      at += bytes;
      left -= bytes;
    }
  }
  return digest;
}

}  // namespace tiptoe::master
