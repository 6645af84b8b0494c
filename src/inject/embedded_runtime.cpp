#include "inject/embedded_runtime.h"

extern "C" {
extern const unsigned char tiptoe_runtime_image_begin[];
extern const unsigned char tiptoe_runtime_image_end[];
}

namespace tiptoe::inject {

std::span<const u8> embedded_runtime() {
  return {tiptoe_runtime_image_begin, tiptoe_runtime_image_end};
}

}  // namespace tiptoe::inject
