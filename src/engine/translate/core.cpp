#include "engine/translate/core.h"

namespace tiptoe::engine {

bool Core::init(u64 cache_bytes, u64 address_space_limit) {
  // The two large tables take 64 GiB of address space.
  const bool small_tables = address_space_limit < u64{160} << 30;
  return cache.init(cache_bytes, address_space_limit) && blocks.init() && space.init() &&
         returns.init(small_tables) && indirects.init(small_tables);
}

}  // namespace tiptoe::engine
