#include "engine/translate/core.h"

#include <linux/mman.h>

#include "sys/fail.h"
#include "sys/mapping.h"

namespace tiptoe::engine {

bool ExitTable::init(u64 address_space_limit) {
  constexpr u64 kMost = u64{1} << 24;
  const u64 share = address_space_limit / 16 / sizeof(Exit);
  max_ = static_cast<u32>(share < kMost ? share : kMost);
  exits_ = reinterpret_cast<Exit*>(
      sys::map_private(align_up(u64{max_} * sizeof(Exit), kPageBytes), PROT_READ | PROT_WRITE));
  return exits_ != nullptr;
}

Exit* ExitTable::take(u32 count) {
  TIPTOE_CHECK(count_ + count <= max_, count_, count);
  Exit* first = &exits_[count_];
  count_ += count;
  return first;
}

bool Core::init(u64 address_space_limit) {
  // The two large tables take 64 GiB of address space.
  const bool small_tables = address_space_limit < u64{160} << 30;
  return cache.init(address_space_limit) && blocks.init() && exits.init(address_space_limit) &&
         space.init() && returns.init(small_tables, offsetof(ThreadState, enter_return_miss)) &&
         indirects.init(small_tables, offsetof(ThreadState, enter_indirect));
}

}  // namespace tiptoe::engine
