// The template of process_memory.h.
#pragma once

#include <algorithm>
#include <cstring>

namespace tiptoe::check {

constexpr u64 kCompareBytes = 256 << 10;

template <typename Visit>
void for_each_different_page(const ProcessMemory& ours, const ProcessMemory& theirs,
                             std::span<const Range> ranges, Visit visit) {
  std::vector<u8> a(kCompareBytes), b(kCompareBytes);
  for (const Range& range : ranges) {
    for (u64 done = 0; done < range.bytes; done += kCompareBytes) {
      const u64 wanted = std::min(kCompareBytes, range.bytes - done);
      const u64 got = std::min(ours.read(range.start + done, {a.data(), wanted}),
                               theirs.read(range.start + done, {b.data(), wanted}));
      if (std::memcmp(a.data(), b.data(), got) == 0) continue;
      for (u64 page = 0; page + kPageBytes <= got; page += kPageBytes) {
        if (std::memcmp(&a[page], &b[page], kPageBytes) == 0) continue;
        visit(range.start + done + page, std::span<const u8>(&a[page], kPageBytes),
              std::span<const u8>(&b[page], kPageBytes));
      }
    }
  }
}

}  // namespace tiptoe::check
