#include "engine/translate/core.h"

#include <linux/mman.h>

#include "sys/fail.h"
#include "sys/mapping.h"

namespace tiptoe::engine {

bool ExitTable::init() {
  exits_ = reinterpret_cast<Exit*>(
      sys::map_private(align_up(u64{kMax} * sizeof(Exit), kPageBytes), PROT_READ | PROT_WRITE));
  return exits_ != nullptr;
}

Exit* ExitTable::take(u32 count) {
  TIPTOE_CHECK(count_ + count <= kMax, count_, count);
  Exit* first = &exits_[count_];
  count_ += count;
  return first;
}

bool Core::init(bool limited_address_space) {
  return cache.init() && blocks.init() && exits.init() && space.init() &&
         returns.init(limited_address_space, offsetof(ThreadState, enter_return_miss)) &&
         indirects.init(limited_address_space, offsetof(ThreadState, enter_indirect));
}

}  // namespace tiptoe::engine
