// The runtime image that was linked into this command (runtime_image.S).
#pragma once

#include <span>

#include "base/types.h"

namespace tiptoe::inject {

std::span<const u8> embedded_runtime();

}  // namespace tiptoe::inject
