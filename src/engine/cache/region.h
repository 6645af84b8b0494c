// One stretch of address space for translated code, within reach of the code that it serves.
//
// It is divided into units: the hot part of a unit lies in the first five eighths of the region,
// its cold part in the rest. A region is private memory, readable, writable and executable,
// reserved without being committed. Private, so that a forked child has its own copy at once; one
// mapping, because an mprotect pair around every block costs ten times what translating it does.
// docs/ARCHITECTURE.md says what else was weighed.
#pragma once

#include "engine/cache/unit.h"

namespace tiptoe::engine {

constexpr u64 kMostRegionBytes = u64{64} << 20;
constexpr u64 kLeastRegionBytes = u64{1} << 20;  // where address space is limited

// Branch predictors of today's processors look at the low 24 bits of an address: code whose
// addresses agree modulo 16 MiB destroys each other's predictions (docs/BENCHMARKS.md has the
// measurement). So the cold side begins 8 MiB off the hot side, and the regions of a process begin
// 2 MiB and more off each other.
constexpr u64 kRegionStagger[] = {u64{0} << 20, u64{4} << 20, u64{2} << 20, u64{6} << 20};

class Region {
 public:
  // Maps the process' region number `index`, of `bytes`, in units of `unit_bytes` (both powers of
  // two, the latter from 64 KiB), within reach of `near` (any place when `near` is zero). False
  // when there is none.
  bool create(AppPc near, u32 index, u64 bytes, u64 unit_bytes);

  bool contains(u64 address) const { return address - start_ < bytes_; }
  // Whether a 32-bit displacement reaches from anywhere in the region to `address`.
  bool reaches(u64 address) const;
  u64 start() const { return start_; }

  // A fresh unit, or nullptr when all are in use.
  Unit* open_unit(MetadataPool& pool);
  // The unit that was opened last, unless it has been evicted; new code goes there.
  Unit* current() const { return current_; }
  void forget_current() { current_ = nullptr; }
  // A closed unit may be opened again. With `keep_memory` its pages stay committed.
  void take_back(Unit& unit, bool keep_memory);

  // The unit that holds an address of the region.
  const Unit& unit_of(u64 address) const;

 private:
  u64 hot_bytes() const { return bytes_ / 8 * 5; }
  u64 unit_hot_bytes() const { return unit_bytes_ / 8 * 5; }
  u64 unit_cold_bytes() const { return unit_bytes_ / 8 * 3; }
  UnitPlace place_of(u64 number) const;

  u64 start_ = 0;
  u64 bytes_ = 0;
  u64 unit_bytes_ = 0;
  Unit* units_ = nullptr;
  u64 fresh_ = 0;  // units from this number on were never opened
  Unit* free_ = nullptr;
  Unit* current_ = nullptr;
  Piece* pieces_ = nullptr;
};

}  // namespace tiptoe::engine
