#include "engine/trust/address_space.h"

#include <linux/mman.h>

#include "base/memory.h"
#include "sys/fail.h"
#include "sys/mapping.h"

namespace tiptoe::engine {

bool AddressSpace::init() {
  ranges_ = reinterpret_cast<CodeRange*>(
      sys::map_private(align_up(kMax * sizeof(CodeRange), kPageBytes), PROT_READ | PROT_WRITE));
  return ranges_ != nullptr;
}

bool AddressSpace::is_executable(int prot) const {
  return (prot & PROT_EXEC) != 0 || (read_implies_exec_ && (prot & PROT_READ) != 0);
}

u32 AddressSpace::first_ending_after(u64 address) const {
  u32 low = 0, high = count_;
  while (low < high) {
    const u32 middle = (low + high) / 2;
    if (ranges_[middle].end <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void AddressSpace::insert(u32 at, const CodeRange& range) {
  TIPTOE_CHECK(count_ < kMax, count_, range.start);
  memmove(&ranges_[at + 1], &ranges_[at], (count_ - at) * sizeof(CodeRange));
  ranges_[at] = range;
  ++count_;
}

void AddressSpace::erase(u32 first, u32 last) {
  memmove(&ranges_[first], &ranges_[last], (count_ - last) * sizeof(CodeRange));
  count_ -= last - first;
}

// Afterwards no range straddles `address`.
void AddressSpace::split_at(u64 address) {
  const u32 i = first_ending_after(address);
  if (i == count_ || ranges_[i].start >= address) return;
  CodeRange upper = ranges_[i];
  upper.start = address;
  ranges_[i].end = address;
  insert(i + 1, upper);
}

void AddressSpace::unmap(const sys::Held&, u64 start, u64 bytes) {
  const u64 end = align_up(start + bytes, kPageBytes);
  split_at(start);
  split_at(end);
  const u32 first = first_ending_after(start);
  u32 last = first;
  while (last < count_ && ranges_[last].start < end) ++last;
  erase(first, last);
}

void AddressSpace::map(const sys::Held& held, u64 start, u64 bytes, int prot, bool shared) {
  unmap(held, start, bytes);
  if (!is_executable(prot) && !shared) return;
  insert(first_ending_after(start), {start, align_up(start + bytes, kPageBytes),
                                     is_executable(prot), (prot & PROT_WRITE) != 0, shared});
}

void AddressSpace::protect(const sys::Held& held, u64 start, u64 bytes, int prot) {
  const u64 end = align_up(start + bytes, kPageBytes);
  split_at(start);
  split_at(end);
  // Known ranges keep whether they are shared; what was not known is private.
  for (u64 at = start; at < end;) {
    const u32 i = first_ending_after(at);
    const bool known = i < count_ && ranges_[i].start <= at;
    const u64 next = known                                  ? ranges_[i].end
                     : i < count_ && ranges_[i].start < end ? ranges_[i].start
                                                            : end;
    map(held, at, next - at, prot, known && ranges_[i].shared);
    at = next;
  }
}

const CodeRange* AddressSpace::find(const sys::Held&, u64 address) const {
  const u32 i = first_ending_after(address);
  return i == count_ || ranges_[i].start > address ? nullptr : &ranges_[i];
}

const CodeRange* AddressSpace::find_code(const sys::Held& held, u64 address) const {
  const CodeRange* range = find(held, address);
  return range != nullptr && range->executable ? range : nullptr;
}

bool AddressSpace::has_code_in(const sys::Held&, u64 start, u64 bytes) const {
  for (u32 i = first_ending_after(start); i < count_ && ranges_[i].start < start + bytes; ++i) {
    if (ranges_[i].executable) return true;
  }
  return false;
}

}  // namespace tiptoe::engine
