#include "engine/signal/compatibility_step.h"

#include "engine/context/safe_copy.h"
#include "engine/dispatch/compatibility_code.h"
#include "engine/signal/step.h"
#include "sys/fail.h"

namespace tiptoe::engine {
namespace {

// The instructions of the step have been executed.
void record_step(ThreadState& thread) {
  CompatibilityCode& code = thread.compatibility;
  u64 at = 0;
  for (u8& length : code.lengths) {
    if (thread.recording && length != 0) {
      put_single(thread.core->events, thread, code.pc + at, {code.bytes + at, length});
    }
    at += length;
    length = 0;
  }
}

// pushf has stored the trap flag that is ours.
void hide_trap_flag(const struct sigcontext& sc) {
  u16 low = 0;
  auto* const top = reinterpret_cast<void*>(sc.rsp & 0xffffffff);
  if (safe_copy(&low, top, sizeof low) != 0) return;
  low &= static_cast<u16>(~x86::kTf);
  safe_copy(top, &low, sizeof low);
}

void show_app_flag(const CompatibilityCode& code, struct sigcontext& sc) {
  sc.eflags &= ~u64{x86::kTf};
  if (code.app_tf) sc.eflags |= x86::kTf;
}

}  // namespace

bool go_on_in_compatibility_code(ThreadState& thread, int signal, const KernelFrame& frame,
                                 const Context& machine) {
  CompatibilityCode& code = thread.compatibility;
  struct sigcontext& sc = frame.uc->uc_mcontext;
  if (!is_step_trap(signal, *frame.info)) {
    const bool trapped = signal == SIGTRAP && is_synchronous(signal, *frame.info);
    if (trapped && sc.rip == code.pc + code.lengths[0]) record_step(thread);  // int3
    code.ss = sc.ss;
    show_app_flag(code, sc);
    return false;
  }
  if (!code.repeats || sc.rip != code.pc) record_step(thread);  // once for all repetitions
  const bool app_steps = code.app_tf;
  if (code.pushes_flags && !app_steps) hide_trap_flag(sc);
  if (code.loads_flags) code.app_tf = (sc.eflags & x86::kTf) != 0;
  if (sc.cs != kCompatibilityCode && sc.cs != kUserCode) {
    sys::fail("32-bit code leads to a segment where it cannot be followed (at, selector)", code.pc,
              sc.cs);
  }
  code.ss = sc.ss;
  if (sc.cs == kUserCode) code.cs = 0;
  show_app_flag(code, sc);
  if (app_steps) return false;
  if (code.cs != 0 && may_step(thread, sc.rip)) {
    step_on(thread, frame);
    return true;
  }
  thread.context = machine;
  thread.context.rflags = sc.eflags;
  thread.context.pc = AppPc{sc.rip};
  resume(thread, frame);
  return true;
}

void step_on(const ThreadState& thread, const KernelFrame& frame) {
  if (in_compatibility_code(thread)) frame.uc->uc_mcontext.eflags |= x86::kTf;
}

}  // namespace tiptoe::engine
