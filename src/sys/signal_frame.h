// The frame that the kernel builds for a signal handler on x86-64, and the system calls around it.
// Layouts: arch/x86/include/uapi/asm/{sigcontext,ucontext}.h and arch/x86/kernel/signal.c of Linux.
#pragma once

#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>

#include "base/types.h"

namespace tiptoe::sys {

constexpr int kSignalCount = 64;
using SignalSet = u64;  // bit N-1 stands for signal N
constexpr SignalSet signal_bit(int signal) {
  return SignalSet{1} << (signal - 1);
}

// struct sigaction as rt_sigaction(2) takes it (not as libc does).
struct KernelSigaction {
  u64 handler;  // 0 SIG_DFL, 1 SIG_IGN
  u64 flags;
  u64 restorer;
  SignalSet mask;
};
constexpr u64 kSigDfl = 0, kSigIgn = 1;
constexpr u64 kSaRestorer = 0x04000000;

struct RtSigframe {
  u64 pretcode;
  struct ucontext uc;
  siginfo_t info;
};
static_assert(sizeof(RtSigframe) == 8 + 304 + 128);

// From the bytes of an FXSAVE area that the kernel leaves to software (struct _fpx_sw_bytes).
constexpr u64 kFxsaveBytes = 512;
constexpr u64 kSwReservedOffset = 464;
constexpr u32 kXstateMagic1 = 0x46505853;
constexpr u64 kX87PcOffset = 8;
constexpr u64 kMxcsrOffset = 24;
constexpr u32 kMxcsrDefault = 0x1f80;
constexpr u64 kXstateHeaderOffset = 512;  // xstate_bv is its first word

}  // namespace tiptoe::sys
