// The memory primitives that the compiler may call; the inside set has no libc to take them from.
#pragma once

#include "base/types.h"

extern "C" {
void* memcpy(void* to, const void* from, tiptoe::u64 bytes);
void* memmove(void* to, const void* from, tiptoe::u64 bytes);
void* memset(void* to, int byte, tiptoe::u64 bytes);
int memcmp(const void* a, const void* b, tiptoe::u64 bytes);
}
