// Whether a page of our memory is another process' page, too.
#pragma once

#include "base/types.h"

namespace tiptoe::sys {

// True from when a fork has copied the address space: the two processes share the page until one of
// them writes to it. The page is a private mapping of its own that was written before the fork.
// While the kernel copies, the question waits for it: so what is answered of one page holds for all
// memory. False when nobody can say (no /proc, no descriptor free).
bool is_shared_page(u64 page);

}  // namespace tiptoe::sys
