#include "engine/link/lookup_table.h"

#include <linux/mman.h>

#include "arch/x86/emitter.h"
#include "sys/mapping.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {
constexpr int kRw = PROT_READ | PROT_WRITE;

u64 table_bytes(bool wide) {
  return LookupTable::kTableOffset + (wide ? u64{8} << 32 : u64{8} << 16);
}
}  // namespace

bool LookupTable::init(bool small, u32 miss_entry_offset) {
  wide_ = !small;
  if (wide_) miss_ = sys::map_private(table_bytes(true), kRw);
  if (miss_ == 0) {
    wide_ = false;
    miss_ = sys::map_private(table_bytes(false), kRw);
  }
  if (miss_ == 0) return false;
  x86::Emitter emit(CachePc{miss_});
  emit.jmp_gs(miss_entry_offset);
  return sys::call(__NR_mprotect, miss_, kTableOffset, PROT_READ | PROT_EXEC) == 0;
}

void LookupTable::set(AppPc target, CachePc landing) {
  __atomic_store_n(slot(target), static_cast<i64>(raw(landing) - miss_), __ATOMIC_RELEASE);
}

void LookupTable::clear(AppPc target, CachePc landing) {
  i64* entry = slot(target);
  if (*entry == static_cast<i64>(raw(landing) - miss_))
    __atomic_store_n(entry, 0, __ATOMIC_RELEASE);
}

}  // namespace tiptoe::engine
