#include "inject/placement.h"

#include <elf.h>

#include <algorithm>

namespace tiptoe::inject {
namespace {

constexpr u64 kMiB = u64{1} << 20;
constexpr u64 kGiB = u64{1} << 30;

constexpr u64 kLowestAddress = 0x1'0000'0000;      // below 4 GiB belongs to whoever asks for it
constexpr u64 kHighestAddress = 0x7fff'ffff'f000;  // TASK_SIZE with 4-level tables
constexpr u64 kGuardBytes = kMiB;                  // kept unmapped around what we place
constexpr u64 kStackSlackBytes = 2 * kMiB;         // the kernel's guard gap (1 MiB), and as much
constexpr u64 kUnlimitedStackBytes = 1024 * kGiB;  // room left below a stack without a limit
constexpr u64 kLegacyGapBytes = 64 * kMiB;

// With the usual top-down layout the kernel's mmap area ends above this address, and executables
// stand below it (2/3 of the address space plus their randomisation).
constexpr u64 kTopDownAreaStart = 0x6800'0000'0000;

// The shared memory's place: below everything that the kernel places top-down (its area begins at
// most 1 TiB + 16 GiB below the top), so that hundreds of gigabytes can be mapped before they meet;
// inside the ranges that ThreadSanitizer (from 0x7e80...), MemorySanitizer (from 0x7000...) and
// AddressSanitizer accept as application memory.
constexpr u64 kSegmentArea = 0x7e90'0000'0000;
constexpr u64 kSegmentAreaEnd = 0x7ef0'0000'0000;

struct Range {
  u64 start;
  u64 end;
  u64 bytes() const { return end > start ? end - start : 0; }
};

bool is_free(const ProcessFacts& facts, u64 start, u64 bytes) {
  if (start < kLowestAddress || start + bytes > kHighestAddress) return false;
  return std::none_of(facts.mappings.begin(), facts.mappings.end(), [&](const Mapping& mapping) {
    return mapping.start < start + bytes + kGuardBytes && start < mapping.end + kGuardBytes;
  });
}

// Where the stack may grow down to.
u64 stack_floor(const ProcessFacts& facts) {
  const Mapping* stack = facts.mapping_named("[stack]");
  if (!stack) return kHighestAddress;
  const u64 limit = std::min(facts.stack_limit_bytes, kUnlimitedStackBytes);
  return align_down(stack->end - limit - kStackSlackBytes, kPageBytes);
}

const Mapping* highest_below_stack(const ProcessFacts& facts) {
  const Mapping* stack = facts.mapping_named("[stack]");
  const Mapping* highest = nullptr;
  for (const Mapping& mapping : facts.mappings) {
    if (mapping.end <= (stack ? stack->start : kHighestAddress)) highest = &mapping;
  }
  return highest;
}

// The lowest address of the group of mappings around `address` that stand less than 1 GiB apart.
u64 start_of_group(const ProcessFacts& facts, u64 address) {
  u64 start = address;
  for (auto mapping = facts.mappings.rbegin(); mapping != facts.mappings.rend(); ++mapping) {
    if (mapping->start > start) continue;
    if (mapping->end + kGiB < start) break;
    start = mapping->start;
  }
  return start;
}

// The dynamic linker or else the vdso, when they stand below the stack.
u64 mmap_area_anchor(const ProcessFacts& facts) {
  const Mapping* stack = facts.mapping_named("[stack]");
  for (u64 address : {facts.aux(AT_BASE), facts.aux(AT_SYSINFO_EHDR)}) {
    if (address && (!stack || address < stack->start)) return address;
  }
  return 0;
}

// The middle of the largest hole, when every better place is taken.
u64 place_in_largest_hole(const ProcessFacts& facts, u64 bytes) {
  Range largest{0, 0};
  u64 previous_end = kLowestAddress;
  auto consider = [&](u64 hole_end) {
    const Range hole{previous_end, std::min(hole_end, kHighestAddress)};
    if (hole.bytes() > largest.bytes()) largest = hole;
  };
  for (const Mapping& mapping : facts.mappings) {
    consider(mapping.path == "[stack]" ? stack_floor(facts) : mapping.start);
    previous_end = std::max(previous_end, mapping.end);
  }
  consider(kHighestAddress);
  if (largest.bytes() < bytes + 2 * kGuardBytes) return 0;
  return align_down(largest.start + (largest.bytes() - bytes) / 2, kPageBytes);
}

u64 preferred_runtime_place(const ProcessFacts& facts, u64 bytes) {
  const u64 floor = stack_floor(facts);
  const Mapping* highest = highest_below_stack(facts);
  // Top-down layout: the gap between the first thing mapped (ld.so, or the vdso) and the room kept
  // for the stack is never used by the kernel.
  if (highest && highest->end > kTopDownAreaStart) {
    const u64 start = align_up(highest->end + kGuardBytes, 2 * kMiB);
    if (start + bytes <= floor) return start;
    return 0;
  }
  // Bottom-up layout (unlimited stack, ADDR_COMPAT_LAYOUT): the area grows upwards from its first
  // mapping, so below it is where nothing comes.
  if (const u64 anchor = mmap_area_anchor(facts)) {
    return align_down(start_of_group(facts, anchor) - kLegacyGapBytes - bytes, 2 * kMiB);
  }
  // A static executable with the vdso above the stack: just below the stack's room, which is above
  // the kernel's mmap area.
  return align_down(floor - kGuardBytes - bytes, 2 * kMiB);
}

Error no_room(u64 bytes) {
  return Error{"no free range of " + std::to_string(bytes >> 20) + " MiB in the address space"};
}

}  // namespace

Expected<u64> place_runtime(const ProcessFacts& facts, u64 bytes) {
  const u64 preferred = preferred_runtime_place(facts, bytes);
  if (preferred && is_free(facts, preferred, bytes)) return preferred;
  if (const u64 place = place_in_largest_hole(facts, bytes)) return place;
  return no_room(bytes);
}

Expected<u64> place_segment(const ProcessFacts& facts, u64 bytes) {
  const u64 floor = stack_floor(facts);
  for (u64 start = kSegmentArea; start + bytes <= std::min(kSegmentAreaEnd, floor);
       start += 8 * kGiB) {
    if (is_free(facts, start, bytes)) return start;
  }
  if (const u64 place = place_in_largest_hole(facts, bytes)) return place;
  return no_room(bytes);
}

}  // namespace tiptoe::inject
