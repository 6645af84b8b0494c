#include "engine/signal/sigreturn.h"

#include "base/memory.h"
#include "engine/context/gate.h"
#include "engine/context/safe_copy.h"
#include "engine/dispatch/check_point.h"
#include "engine/dispatch/compatibility_code.h"
#include "engine/signal/altstack.h"
#include "engine/signal/frame_registers.h"

namespace tiptoe::engine {
namespace {

// Flags that the kernel takes from a frame (FIX_EFLAGS); the others stay.
constexpr u64 kRestoredFlags = x86::kCf | x86::kPf | x86::kAf | x86::kZf | x86::kSf | x86::kTf |
                               x86::kDf | x86::kOf | x86::kRf | x86::kAc;

void hold_bad_frame(ThreadState& thread) {
  const siginfo_t info = forced_segv();
  memcpy(thread.held[thread.pending], &info, sizeof info);
  ++thread.pending;
  finish_syscall(thread, 0);
  set_kernel_mask(kBlockedWhileHeld);
}

}  // namespace

void app_sigreturn(Core& core, ThreadState& thread) {
  // The restorer has popped pretcode off the frame.
  const u64 uc_address = thread.context.gpr[x86::kRsp];
  sys::RtSigframe frame;
  if (safe_copy(&frame.uc, reinterpret_cast<const void*>(uc_address), sizeof frame.uc) != 0) {
    return hold_bad_frame(thread);
  }
  const u64 flags = thread.context.rflags;
  for_each_register(frame.uc.uc_mcontext, thread.context,
                    [](auto& machine, u64& app) { app = machine; });
  thread.context.rflags = (flags & ~kRestoredFlags) | (thread.context.rflags & kRestoredFlags);
  thread.context.pc = AppPc{frame.uc.uc_mcontext.rip};
  thread.compatibility.cs = 0;
  if (frame.uc.uc_mcontext.cs == kCompatibilityCode && core.check == nullptr) {
    enter_compatibility_code(thread, frame.uc.uc_mcontext.ss);
  }
  begin_step(thread);
  memcpy(&thread.app_mask, &frame.uc.uc_sigmask, sizeof thread.app_mask);
  thread.app_mask &= ~(sys::signal_bit(SIGKILL) | sys::signal_bit(SIGSTOP));
  give_back_unblocked_faults(thread);
  // As in the kernel, a thread that is still on the stack keeps it, and what is wrong with the new
  // one is nobody's concern.
  change_altstack(thread, frame.uc.uc_stack, uc_address);
  put_control(core.events, thread, Control::kSigreturn,
              {low32(raw(thread.context.pc)), high32(raw(thread.context.pc))});
  if (core.check != nullptr) post_check(core, thread, CheckPost::kMoved);
  resume_at_pc(core, thread);

  // A frame of our own restores what only the kernel can: floating-point state, mask, segments. The
  // floating-point state is read where the program has it. If that is bad, the SIGSEGV that follows
  // finds the thread in the gate.
  frame.uc.uc_stack.ss_sp = reinterpret_cast<void*>(thread.signal_stack);
  frame.uc.uc_stack.ss_size = thread.signal_stack_bytes;
  frame.uc.uc_stack.ss_flags = 0;
  return_to_gate(thread, {&frame.info, &frame.uc});
  tiptoe_sigreturn(&frame.uc);
}

}  // namespace tiptoe::engine
