// rep movsb/stosb: no vector register may be touched in the traced process, and on every processor
// of the last ten years these are as fast as it gets without them.
#include "base/memory.h"

using tiptoe::u64;
using tiptoe::u8;

extern "C" {

void* memcpy(void* to, const void* from, u64 bytes) {
  void* result = to;
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
  return result;
}

void* memmove(void* to, const void* from, u64 bytes) {
  if (static_cast<u8*>(to) <= from || static_cast<const u8*>(from) + bytes <= to) {
    return memcpy(to, from, bytes);
  }
  for (u64 i = bytes; i-- > 0;) static_cast<volatile u8*>(to)[i] = static_cast<const u8*>(from)[i];
  return to;
}

void* memset(void* to, int byte, u64 bytes) {
  void* result = to;
  asm volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(byte) : "memory");
  return result;
}

int memcmp(const void* a, const void* b, u64 bytes) {
  auto x = static_cast<const volatile u8*>(a), y = static_cast<const volatile u8*>(b);
  for (u64 i = 0; i < bytes; ++i) {
    if (x[i] != y[i]) return x[i] - y[i];
  }
  return 0;
}

}  // extern "C"
