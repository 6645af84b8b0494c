// The numbers that must never be mixed up, each with its own type.
//
// An address in the traced program and an address in the code cache are both 64-bit integers;
// taking one for the other is the classic bug of a code tracer. Neither converts to the other, to a
// pointer or to an integer without a call that says so.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tiptoe {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i8 = std::int8_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;

// An address in the traced program's own code.
enum class AppPc : u64 {};
// An address in the code cache.
enum class CachePc : u64 {};

constexpr u64 raw(AppPc pc) {
  return static_cast<u64>(pc);
}
constexpr u64 raw(CachePc pc) {
  return static_cast<u64>(pc);
}
constexpr AppPc operator+(AppPc pc, i64 bytes) {
  return AppPc{raw(pc) + static_cast<u64>(bytes)};
}
constexpr CachePc operator+(CachePc pc, i64 bytes) {
  return CachePc{raw(pc) + static_cast<u64>(bytes)};
}
constexpr i64 operator-(AppPc a, AppPc b) {
  return static_cast<i64>(raw(a) - raw(b));
}
constexpr i64 operator-(CachePc a, CachePc b) {
  return static_cast<i64>(raw(a) - raw(b));
}

constexpr u64 align_up(u64 value, u64 power_of_two) {
  return (value + power_of_two - 1) & ~(power_of_two - 1);
}
constexpr u64 align_down(u64 value, u64 power_of_two) {
  return value & ~(power_of_two - 1);
}
constexpr u64 kPageBytes = 4096;

}  // namespace tiptoe
