#include "trace/crc32c.h"

#include <nmmintrin.h>

#include <array>
#include <cstring>

namespace tiptoe::trace {
namespace {

constexpr u32 kPolynomial = 0x82f63b78;  // reflected

constexpr std::array<u32, 256> make_table() {
  std::array<u32, 256> table{};
  for (u32 i = 0; i < 256; ++i) {
    u32 crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? kPolynomial : 0);
    table[i] = crc;
  }
  return table;
}
constexpr std::array<u32, 256> kTable = make_table();

__attribute__((target("sse4.2"))) u32 crc32c_sse42(std::span<const u8> bytes, u32 crc) {
  u64 state = ~crc;
  const u8* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    u64 word;
    std::memcpy(&word, at, 8);
    state = _mm_crc32_u64(state, word);
  }
  u32 narrow = static_cast<u32>(state);
  for (; left != 0; ++at, --left) narrow = _mm_crc32_u8(narrow, *at);
  return ~narrow;
}

}  // namespace

u32 crc32c_portable(std::span<const u8> bytes, u32 crc) {
  crc = ~crc;
  for (u8 byte : bytes) crc = crc >> 8 ^ kTable[(crc ^ byte) & 0xff];
  return ~crc;
}

u32 crc32c(std::span<const u8> bytes, u32 crc) {
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  return has_instruction ? crc32c_sse42(bytes, crc) : crc32c_portable(bytes, crc);
}

}  // namespace tiptoe::trace
