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
  ++changes_;
  const u64 end = align_up(start + bytes, kPageBytes);
  split_at(start);
  split_at(end);
  const u32 first = first_ending_after(start);
  u32 last = first;
  while (last < count_ && ranges_[last].start < end) ++last;
  erase(first, last);
}

// Neighbours that are alike become one, or a program that sets protections page by page fills the
// list.
void AddressSpace::merge_with_next(u32 at) {
  if (at + 1 >= count_) return;
  CodeRange& range = ranges_[at];
  const CodeRange& next = ranges_[at + 1];
  if (range.end != next.start || range.executable != next.executable ||
      range.writable != next.writable || range.backing != next.backing) {
    return;
  }
  range.end = next.end;
  erase(at + 1, at + 2);
}

void AddressSpace::map(const sys::Held& held, u64 start, u64 bytes, int prot,
                       const Backing& backing) {
  unmap(held, start, bytes);
  if (!is_executable(prot) && !backing.may_change) return;
  const u32 at = first_ending_after(start);
  insert(at, {start, align_up(start + bytes, kPageBytes), is_executable(prot),
              (prot & PROT_WRITE) != 0, backing});
  merge_with_next(at);
  if (at > 0) merge_with_next(at - 1);
}

void AddressSpace::protect(const sys::Held& held, u64 start, u64 bytes, int prot) {
  const u64 end = align_up(start + bytes, kPageBytes);
  // Known ranges keep what is behind them; what was not known is private.
  for (u64 at = start; at < end;) {
    const u32 i = first_ending_after(at);
    const bool known = i < count_ && ranges_[i].start <= at;
    const u64 change = known ? ranges_[i].end : i < count_ ? ranges_[i].start : end;
    const u64 next = change < end ? change : end;
    map(held, at, next - at, prot, known ? ranges_[i].backing : Backing{});
    at = next;
  }
}

void AddressSpace::let_change(const sys::Held&, u64 start, u64 bytes) {
  split_at(start);
  split_at(start + bytes);
  for (u32 i = first_ending_after(start); i < count_ && ranges_[i].start < start + bytes; ++i) {
    ranges_[i].backing.may_change = true;
  }
}

bool AddressSpace::let_change(const sys::Held&, const FileId& file) {
  bool found = false;
  for (u32 i = 0; i < count_; ++i) {
    if (ranges_[i].backing.file != file) continue;
    ranges_[i].backing.may_change = true;
    found = true;
  }
  return found;
}

const CodeRange* AddressSpace::find(const sys::Held&, u64 address) const {
  const u32 i = first_ending_after(address);
  return i == count_ || ranges_[i].start > address ? nullptr : &ranges_[i];
}

const CodeRange* AddressSpace::find_code(const sys::Held& held, u64 address) const {
  const CodeRange* range = find(held, address);
  return range != nullptr && range->executable ? range : nullptr;
}

bool AddressSpace::find_file(const sys::Held&, const FileId& file, CodeRange& out) const {
  for (u32 i = 0; i < count_; ++i) {
    if (ranges_[i].backing.file != file) continue;
    out = ranges_[i];
    return true;
  }
  return false;
}

bool AddressSpace::has_code_in(const sys::Held& held, u64 start, u64 bytes) const {
  bool found = false;
  for_each_code_in(held, start, bytes, [&](u64, u64) { found = true; });
  return found;
}

}  // namespace tiptoe::engine
