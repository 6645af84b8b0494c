#include "engine/signal/met_fault.h"

#include <asm/siginfo.h>
#include <asm/signal.h>

#include "base/memory.h"
#include "engine/thread/signal_table.h"

namespace tiptoe::engine {

void meet_refused_selector(ThreadState& thread, u16 selector) {
  constexpr u64 kGeneralProtection = 13, kPrivilegeBits = 3;
  thread.met_fault = {SIGSEGV, SI_KERNEL, 0, kGeneralProtection, selector & ~kPrivilegeBits};
}

bool hold_met_fault(ThreadState& thread) {
  set_kernel_mask(~sys::SignalSet{0});
  const bool is_first = thread.pending == 0;
  if (is_first) {
    const MetFault& fault = thread.met_fault;
    siginfo_t& held = *reinterpret_cast<siginfo_t*>(thread.held[0]);
    memset(&held, 0, sizeof held);
    held.si_signo = fault.signal;
    held.si_code = fault.code;
    held.si_addr = reinterpret_cast<void*>(fault.address);
    thread.trap_number = fault.trap;
    thread.trap_error = fault.error;
    if (fault.code != SI_KERNEL) thread.trap_address = fault.address;
    thread.pending = 1;
  }
  set_kernel_mask(kBlockedWhileHeld);
  return is_first;
}

}  // namespace tiptoe::engine
