// Raw system calls: the only way the runtime talks to the kernel. Results are the kernel's own: a
// value, or -errno.
//
// All of them are made by one instruction, at an address that seccomp filters can be told of
// (engine/syscall/seccomp.cpp): the first of the call page, which the injector maps at the same
// place in all programs of all sessions. Without that page, an instruction of the runtime serves.
#pragma once

#include <asm/unistd.h>

#include "base/types.h"

namespace tiptoe::sys {

// Points at `syscall; ret`.
extern "C" [[gnu::visibility("hidden")]] void (*tiptoe_call_site)();

inline u64 call_site() {
  return reinterpret_cast<u64>(tiptoe_call_site);
}
// What seccomp filters see as the address of our calls.
constexpr u64 kSyscallBytes = 2;

inline i64 syscall6(i64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
  i64 result;
  register u64 r10 asm("r10") = d;
  register u64 r8 asm("r8") = e;
  register u64 r9 asm("r9") = f;
  asm volatile("call *%[site]"
               : "=a"(result)
               : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
                 "r"(r9), [site] "m"(tiptoe_call_site)
               : "rcx", "r11", "memory");
  return result;
}

// Arguments are integers or pointers, passed as the kernel takes them.
template <typename A = int, typename B = int, typename C = int, typename D = int, typename E = int,
          typename F = int>
i64 call(i64 nr, A a = {}, B b = {}, C c = {}, D d = {}, E e = {}, F f = {}) {
  return syscall6(nr, (u64)(a), (u64)(b), (u64)(c), (u64)(d), (u64)(e), (u64)(f));
}

constexpr bool is_error(i64 result) {
  return static_cast<u64>(result) >= static_cast<u64>(-4095);
}

}  // namespace tiptoe::sys
