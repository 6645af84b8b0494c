// What the processor says of a segment selector, without loading it.
#pragma once

#include "engine/dispatch/compatibility_code.h"

namespace tiptoe::engine {

struct Selector {
  bool usable = false;
  bool code = false;
  bool long_mode = false;  // 64-bit code
};

// The descriptor behind a selector. Usable: a present code or data segment of our own level, 3.
inline Selector look_at(u16 selector) {
  constexpr u32 kCodeOrData = 1u << 12, kCode = 1u << 11, kPresent = 1u << 15, kLong = 1u << 21;
  if ((selector & ~3u) == 0) return {};
  u32 rights = 0;
  bool found;
  asm("lar %2, %0" : "+r"(rights), "=@ccz"(found) : "r"(u32{selector}));
  if (!found || (rights & kCodeOrData) == 0 || (rights & kPresent) == 0) return {};
  const bool code = (rights & kCode) != 0;
  const bool user = (rights >> 13 & 3) == 3;
  return {user, code, (rights & kLong) != 0};
}

// Whether a data segment register may be loaded with it.
inline bool is_loadable(u16 selector) {
  if ((selector & ~3u) == 0) return true;
  bool readable;
  asm("verr %w1" : "=@ccz"(readable) : "r"(selector));
  return readable && look_at(selector).usable;
}

// Whether the stack segment register may be.
inline bool is_stack_segment(u16 selector) {
  bool writable;
  asm("verw %w1" : "=@ccz"(writable) : "r"(selector));
  return writable && (selector & 3) == 3 && look_at(selector).usable;
}

}  // namespace tiptoe::engine
