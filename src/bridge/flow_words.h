// The words of a thread's flow stream: what the code cache and the runtime append to event memory.
//
// A stream is a sequence of 32-bit words:
//
//   0                       nothing was written here yet (the end of what a killed thread recorded)
//   1 .. 0xeffffffe         an exit id: the thread executed the block that owns this exit from its
//                           first instruction up to and including the instruction of the exit, and
//                           left by it. One word per block executed; the next block is known by its
//                           own exit id.
//   0xefffffff              the same of a block that has no ids, because they are used up: what was
//                           executed is not known. The recording of the image ends soon after the
//                           first of them.
//   0xf0000000 .. 0xffffffff a control word: kind and number of payload words that follow it.
//
// The payload of a control record is stored before its control word, so that a non-zero control
// word vouches for its payload whatever moment the process is killed at. A record never straddles
// chunks.
#pragma once

#include "base/types.h"

namespace tiptoe {

constexpr u32 kMaxExitId = 0xeffffffeu;
constexpr u32 kUnnamedExit = 0xefffffffu;
constexpr u32 kControlBase = 0xf0000000u;

enum class Control : u8 {
  kPad = 0,          // payload: none; skip to the end of the chunk
  kThreadStart = 1,  // payload: pc lo, pc hi. First word of a stream's first chunk
  kThreadEnd = 2,    // payload: none. The thread left by exit or exit_group, or was unfollowed
  kPartial = 3,      // payload: first exit id of a block, n. The first n instructions of that block
                     // were executed and then it was left otherwise than by an exit (fault, signal)
  kSignal = 4,       // payload: signal number, interrupted pc lo, hi, handler pc lo, hi
  kSigreturn = 5,    // payload: pc lo, hi: where execution goes on
  kSyscall = 6,      // payload: number lo. Follows the exit id of the syscall instruction
  kGap = 7,          // payload: n lo, n hi: this many words were dropped here
  kForkChild = 8,  // payload: pc lo, hi. First word of a forked child's stream: it goes on at pc as
                   // a copy of the thread that forked
  kSingle = 9,  // payload: pc lo, hi, bytes 0-3, 4-7, 8-11, 12-14 and the length in the top byte,
                // with kSingle32Bit added: one instruction executed outside any block, of 32-bit
                // code
  kRseqAbort = 10,  // payload: pc lo, hi: the kernel has aborted the restartable sequence that the
                    // thread was in, somewhere in its block; execution goes on at pc
};

constexpr u32 kSingle32Bit = 0x80;

constexpr u32 control_word(Control kind, u32 payload_words) {
  return kControlBase | static_cast<u32>(kind) << 8 | payload_words;
}
constexpr bool is_control(u32 word) {
  return word >= kControlBase;
}
constexpr Control control_kind(u32 word) {
  return static_cast<Control>(word >> 8 & 0xff);
}
constexpr u32 control_payload_words(u32 word) {
  return word & 0xff;
}

}  // namespace tiptoe
