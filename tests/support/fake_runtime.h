// The fake runtime (fake_runtime/runtime.cpp), compiled on first use as the real one is linked.
#pragma once

#include <vector>

#include "base/types.h"
#include "fake_runtime/parts.h"

namespace tiptoe::testing {

// The shared object's bytes. Throws when it cannot be compiled.
const std::vector<u8>& fake_runtime();

}  // namespace tiptoe::testing
