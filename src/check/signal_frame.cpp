#include "check/signal_frame.h"

#include <asm/sigcontext.h>
#include <stddef.h>
#include <string.h>
#include <ucontext.h>

#include <algorithm>

namespace tiptoe::check {
namespace {

// The legacy region ends with bytes for software, which say how much more there is.
constexpr size_t kLegacyBytes = sizeof(_fpstate);
constexpr size_t kSoftwareOffset = offsetof(_fpstate, sw_reserved);
constexpr size_t kHeaderBytes = 64;
constexpr size_t kMostBytes = 64 << 10;
constexpr u64 kLegacyFeatures = 3;  // x87 and SSE

template <typename T>
T read(const ProcessMemory& memory, u64 address) {
  T value{};
  memory.read(address, {reinterpret_cast<u8*>(&value), sizeof value});
  return value;
}

_fpx_sw_bytes software_bytes(std::span<const u8> image) {
  _fpx_sw_bytes bytes{};
  if (image.size() > kLegacyBytes) memcpy(&bytes, &image[kSoftwareOffset], sizeof bytes);
  return bytes;
}

}  // namespace

std::vector<u8> vector_image(const ProcessMemory& memory, u64 context) {
  const u64 at = read<u64>(memory, context + offsetof(ucontext_t, uc_mcontext.fpregs));
  if (at == 0) return {};
  const auto software = read<_fpx_sw_bytes>(memory, at + kSoftwareOffset);
  const size_t whole = software.xstate_size;
  const bool extended = software.magic1 == FP_XSTATE_MAGIC1 && whole <= kMostBytes &&
                        whole >= kLegacyBytes + kHeaderBytes &&
                        read<u32>(memory, at + whole) == FP_XSTATE_MAGIC2;
  std::vector<u8> image(extended ? whole : kLegacyBytes);
  image.resize(memory.read(at, image));
  return image;
}

std::vector<u8> with_image(std::vector<u8> state, std::span<const u8> image) {
  if (image.size() < kLegacyBytes || state.size() < kLegacyBytes + kHeaderBytes) return state;
  memcpy(state.data(), image.data(), kSoftwareOffset);
  u64 features = kLegacyFeatures;  // all others begin anew
  if (image.size() > kLegacyBytes) {
    memcpy(&features, &image[kLegacyBytes], sizeof features);
    features &= software_bytes(image).xfeatures;
    const size_t end = std::min(image.size(), state.size());
    constexpr size_t kBegin = kLegacyBytes + kHeaderBytes;
    if (end > kBegin) memcpy(&state[kBegin], &image[kBegin], end - kBegin);
  }
  memset(&state[kLegacyBytes], 0, kHeaderBytes);
  memcpy(&state[kLegacyBytes], &features, sizeof features);
  return state;
}

}  // namespace tiptoe::check
