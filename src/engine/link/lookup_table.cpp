#include "engine/link/lookup_table.h"

#include <linux/mman.h>

#include "sys/mapping.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

u64 table_bytes(bool wide) {
  return wide ? u64{8} << 32 : u64{8} << 16;
}

}  // namespace

bool LookupTable::init(bool small) {
  constexpr int kRw = PROT_READ | PROT_WRITE;
  wide_ = !small;
  if (wide_) table_ = sys::map_private(table_bytes(true), kRw);
  if (table_ == 0) {
    wide_ = false;
    table_ = sys::map_private(table_bytes(false), kRw);
  }
  return table_ != 0;
}

void LookupTable::set(AppPc target, CachePc place) {
  __atomic_store_n(slot(target), value(target, place), __ATOMIC_RELEASE);
}

void LookupTable::clear(AppPc target, CachePc place) {
  u64* entry = slot(target);
  if (*entry == value(target, place)) __atomic_store_n(entry, 0, __ATOMIC_RELEASE);
}

CachePc LookupTable::find(AppPc target) const {
  const u64 entry = *slot(target);
  if (entry == 0) return CachePc{0};
  const u64 place = entry + (wide_ ? spread(target) : 0);
  return CachePc{place >> 47 == 0 ? place : 0};
}

void LookupTable::salt() {
  sys::call(__NR_madvise, table_, table_bytes(wide_), MADV_DONTNEED);
  salted_ = true;
}

void LookupTable::forget(u64 start, u64 bytes) {
  if (!wide_ || bytes >= u64{1} << 32) return;
  const u64 first = align_up(index(AppPc{start}) * 8, kPageBytes);
  const u64 end = align_down((index(AppPc{start}) + bytes) * 8, kPageBytes);
  if (first >= end || end > table_bytes(true)) return;
  sys::call(__NR_madvise, table_ + first, end - first, MADV_DONTNEED);
}

}  // namespace tiptoe::engine
