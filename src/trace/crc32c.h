// CRC-32C (Castagnoli), the checksum of trace sections. Uses the processor's crc32 instruction
// where it has one (about 8 GB/s here), a table otherwise.
#pragma once

#include <span>

#include "base/types.h"

namespace tiptoe::trace {

// Continues `crc` (0 to begin) over `bytes`.
[[nodiscard]] u32 crc32c(std::span<const u8> bytes, u32 crc = 0);
// The table version, for machines without SSE4.2 and for tests.
[[nodiscard]] u32 crc32c_portable(std::span<const u8> bytes, u32 crc = 0);

}  // namespace tiptoe::trace
