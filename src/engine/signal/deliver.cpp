#include "engine/signal/deliver.h"

#include "base/memory.h"
#include "engine/context/gate.h"
#include "engine/context/safe_copy.h"
#include "engine/dispatch/check_point.h"
#include "engine/dispatch/compatibility_code.h"
#include "engine/signal/altstack.h"
#include "engine/signal/frame_registers.h"
#include "engine/signal/x87_pc.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

using sys::KernelSigaction;
using sys::RtSigframe;

constexpr u64 kRedZone = 128;
constexpr u64 kPageFault = 14;

// In 32-bit code the segments, too, are the program's own, and the kernel says that it does not
// care about ss.
void store_segments(const ThreadState& thread, struct ucontext& uc) {
  constexpr u64 kStrictRestoreSs = 4;  // UC_STRICT_RESTORE_SS
  struct sigcontext& sc = uc.uc_mcontext;
  const CompatibilityCode& code = thread.compatibility;
  if (code.cs != 0) {
    sc.cs = code.cs;
    sc.ss = code.ss;
    uc.uc_flags &= ~kStrictRestoreSs;
  } else if (sc.cs != kUserCode) {
    sc.cs = kUserCode;
    sc.ss = kUserData;
    uc.uc_flags |= kStrictRestoreSs;
  }
}

void store_context(const Context& context, struct sigcontext& sc) {
  for_each_register(sc, const_cast<Context&>(context),
                    [](auto& machine, u64& app) { machine = app; });
  sc.rip = raw(context.pc);
}

// The size of the floating-point state behind a frame.
u64 fpstate_bytes(u64 fpstate) {
  if (fpstate == 0) return 0;
  struct {
    u32 magic1, extended_size;
  } software;
  memcpy(&software, reinterpret_cast<const void*>(fpstate + sys::kSwReservedOffset),
         sizeof software);
  return software.magic1 == sys::kXstateMagic1 ? software.extended_size : sys::kFxsaveBytes;
}

// Handlers start with the initial floating-point state; our own return restores it from the frame.
void reset_fpstate(u64 fpstate) {
  if (fpstate == 0 || fpstate_bytes(fpstate) == sys::kFxsaveBytes) return;
  const u32 mxcsr = sys::kMxcsrDefault;
  memcpy(reinterpret_cast<void*>(fpstate + sys::kMxcsrOffset), &mxcsr, sizeof mxcsr);
  memset(reinterpret_cast<void*>(fpstate + sys::kXstateHeaderOffset), 0, 8);
}

// In the kernel's frame, before it is copied.
void show_app_x87_pc(const Core& core, const KernelFrame& kernel) {
  const u64 fpstate = reinterpret_cast<u64>(kernel.uc->uc_mcontext.fpstate);
  if (fpstate == 0) return;
  u64 pc;
  memcpy(&pc, reinterpret_cast<const void*>(fpstate + sys::kX87PcOffset), sizeof pc);
  pc = app_x87_pc(core, pc);
  memcpy(reinterpret_cast<void*>(fpstate + sys::kX87PcOffset), &pc, sizeof pc);
}

// Where the kernel would have put the frame; none where it would not have put one.
struct Placement {
  u64 frame;
  u64 fpstate;
  bool exists;
};
Placement place_frame(const ThreadState& thread, const KernelSigaction& action, u64 fp_bytes) {
  const u64 below = thread.context.gpr[x86::kRsp] - kRedZone;
  const bool enters = (action.flags & SA_ONSTACK) != 0 && may_enter_altstack(thread, below);
  const u64 at = enters ? thread.altstack_base + thread.altstack_bytes : below;
  const u64 fpstate = align_down(at - fp_bytes, 64);
  const u64 frame = align_down(fpstate - sizeof(RtSigframe), 16) - 8;
  const bool overflows = (enters || on_altstack(thread, below)) && !lies_on_altstack(thread, frame);
  return {frame, fp_bytes == 0 ? 0 : fpstate, !overflows && (action.flags & sys::kSaRestorer) != 0};
}

// What frames say of the last fault: an asynchronous signal's show the one before.
void note_trap(ThreadState& thread, const struct sigcontext& sc) {
  thread.trap_number = sc.trapno;
  thread.trap_error = sc.err;
  if (sc.trapno == kPageFault) thread.trap_address = sc.cr2;
}

bool write_frame(const ThreadState& thread, const KernelSigaction& action,
                 const KernelFrame& kernel, const Placement& place, u64 fp_bytes) {
  RtSigframe frame;
  frame.pretcode = action.restorer;
  memcpy(&frame.uc, kernel.uc, sizeof frame.uc);
  memcpy(&frame.info, kernel.info, sizeof frame.info);
  struct sigcontext& sc = frame.uc.uc_mcontext;
  store_context(thread.context, sc);
  store_segments(thread, frame.uc);
  sc.fpstate = reinterpret_cast<decltype(sc.fpstate)>(place.fpstate);
  sc.trapno = thread.trap_number;
  sc.err = thread.trap_error;
  sc.cr2 = thread.trap_address;
  sc.oldmask = thread.app_mask;
  frame.uc.uc_stack = saved_altstack(thread);
  memcpy(&frame.uc.uc_sigmask, &thread.app_mask, sizeof thread.app_mask);
  show_app_x87_pc(*thread.core, kernel);
  return safe_copy(reinterpret_cast<void*>(place.frame), &frame, sizeof frame) == 0 &&
         safe_copy(reinterpret_cast<void*>(place.fpstate),
                   reinterpret_cast<const void*>(kernel.uc->uc_mcontext.fpstate), fp_bytes) == 0;
}

bool default_kills(int signal) {
  switch (signal) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGSTOP:
      return false;
    default:
      return true;
  }
}

// Signals whose si_addr is the address of the instruction.
bool addresses_instruction(int signal) {
  return signal == SIGILL || signal == SIGFPE || signal == SIGTRAP;
}

// Makes returning from our handler the program's death: with its own registers, natively, the
// signal waiting. So the core shows the program where it stood, and why.
void return_to_die(ThreadState& thread, const KernelFrame& frame) {
  set_kernel_mask(~sys::SignalSet{0});  // not here
  reset_kernel_action(frame.info->si_signo);
  send_to_this_thread(*frame.info);
  store_context(thread.context, frame.uc->uc_mcontext);
  store_segments(thread, *frame.uc);
  const sys::SignalSet mask = thread.app_mask & ~sys::signal_bit(frame.info->si_signo);
  memcpy(&frame.uc->uc_sigmask, &mask, sizeof mask);
}

// The first process of a pid namespace does not die of what has no handler, unless it is forced.
bool is_init() {
  return sys::call(__NR_getpid) == 1;
}

// There is no handler.
void do_default(ThreadState& thread, int signal, const KernelFrame& kernel, bool ignored,
                bool is_fault) {
  if (is_fault) return return_to_die(thread, kernel);
  ignored = ignored || is_init();
  if (!ignored && default_kills(signal)) return return_to_die(thread, kernel);
  if (!ignored) send_to_this_thread(*kernel.info);  // the kernel does the default now
  resume(thread, kernel);
}

void force_segv(ThreadState& thread, int instead_of, const KernelFrame& kernel,
                const Arrival& arrival) {
  *kernel.info = forced_segv();
  if (instead_of == SIGSEGV) return return_to_die(thread, kernel);
  deliver(thread, SIGSEGV, kernel, {.mask = arrival.mask, .is_fault = true});
}

void enter_handler(ThreadState& thread, int signal, const KernelSigaction& action, u64 frame,
                   sys::SignalSet mask) {
  disarm_altstack(thread);
  thread.app_mask = mask | action.mask;
  if ((action.flags & SA_NODEFER) == 0) thread.app_mask |= sys::signal_bit(signal);
  Context& context = thread.context;
  context.gpr[x86::kRax] = 0;
  context.gpr[x86::kRdi] = static_cast<u64>(signal);
  context.gpr[x86::kRsi] = frame + offsetof(RtSigframe, info);
  context.gpr[x86::kRdx] = frame + offsetof(RtSigframe, uc);
  context.gpr[x86::kRsp] = frame;
  context.rflags &= ~u64{x86::kDf | x86::kTf | x86::kRf};
  context.pc = AppPc{action.handler};
  thread.compatibility.cs = 0;  // handlers are 64-bit code
  begin_step(thread);
}

}  // namespace

bool is_synchronous(int signal, const siginfo_t& info) {
  return is_fault_signal(signal) && info.si_code > 0;
}

siginfo_t forced_segv() {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_signo = SIGSEGV;
  info.si_code = SI_KERNEL;
  return info;
}

void return_to_gate(ThreadState& thread, const KernelFrame& frame) {
  struct sigcontext& sc = frame.uc->uc_mcontext;
  sc.rip = reinterpret_cast<u64>(&tiptoe_resume_begin);
  sc.rsp = thread.runtime_stack;
  sc.eflags = 0x202;
  sc.cs = kUserCode;
  sc.ss = kUserData;
  const sys::SignalSet mask = running_mask(thread);
  memcpy(&frame.uc->uc_sigmask, &mask, sizeof mask);
}

void resume(ThreadState& thread, const KernelFrame& frame) {
  resume_at_pc(*thread.core, thread);
  return_to_gate(thread, frame);
}

void deliver(ThreadState& thread, int signal, const KernelFrame& kernel, const Arrival& arrival) {
  Core& core = *thread.core;
  const bool is_fault = arrival.is_fault;
  // What the kernel forces, the instruction that follows does not raise.
  if (core.check != nullptr) post_interruption(core, thread, signal, is_fault && arrival.has_trap);
  if (in_compatibility_code(thread) && thread.compatibility.app_tf) {
    thread.context.rflags |= x86::kTf;
  }
  if (arrival.has_trap) note_trap(thread, kernel.uc->uc_mcontext);
  if (is_fault && addresses_instruction(signal) &&
      reinterpret_cast<u64>(kernel.info->si_addr) == arrival.machine_pc) {
    kernel.info->si_addr = reinterpret_cast<void*>(raw(thread.context.pc));
  }
  constexpr int kSysSeccomp = 1;
  if (signal == SIGSYS && kernel.info->si_code == kSysSeccomp) {
    kernel.info->si_call_addr = reinterpret_cast<void*>(raw(thread.context.pc));
  }
  if (is_fault && (arrival.mask & sys::signal_bit(signal)) != 0) {
    return return_to_die(thread, kernel);
  }
  const KernelSigaction action = take_action(*thread.signals, signal);
  if (action.handler <= sys::kSigIgn) {
    return do_default(thread, signal, kernel, action.handler == sys::kSigIgn, is_fault);
  }

  const u64 fpstate = reinterpret_cast<u64>(kernel.uc->uc_mcontext.fpstate);
  const u64 fp_bytes = fpstate_bytes(fpstate);
  const Placement place = place_frame(thread, action, fp_bytes);
  if (!place.exists || !write_frame(thread, action, kernel, place, fp_bytes)) {
    return force_segv(thread, signal, kernel, arrival);
  }
  reset_fpstate(fpstate);

  put_control(core.events, thread, Control::kSignal,
              {static_cast<u32>(signal), low32(raw(thread.context.pc)),
               high32(raw(thread.context.pc)), low32(action.handler), high32(action.handler)});
  enter_handler(thread, signal, action, place.frame, arrival.mask);
  if (core.check != nullptr) post_check(core, thread, CheckPost::kMoved);
  resume_at_pc(core, thread);
  return_to_gate(thread, kernel);
}

}  // namespace tiptoe::engine
