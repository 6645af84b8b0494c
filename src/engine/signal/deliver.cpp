#include "engine/signal/deliver.h"

#include "base/memory.h"
#include "engine/context/gate.h"
#include "engine/context/safe_copy.h"
#include "engine/dispatch/check_point.h"
#include "engine/signal/x87_pc.h"
#include "sys/fail.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

using sys::RtSigframe;

constexpr u64 kRedZone = 128;
constexpr u32 kSsDisable = 2;
constexpr u32 kSsOnstack = 1;
constexpr u32 kSsAutodisarm = 1u << 31;

template <typename Visit>
void for_each_register(struct sigcontext& sc, Context& context, Visit visit) {
  visit(sc.rax, context.gpr[0]);
  visit(sc.rcx, context.gpr[1]);
  visit(sc.rdx, context.gpr[2]);
  visit(sc.rbx, context.gpr[3]);
  visit(sc.rsp, context.gpr[4]);
  visit(sc.rbp, context.gpr[5]);
  visit(sc.rsi, context.gpr[6]);
  visit(sc.rdi, context.gpr[7]);
  visit(sc.r8, context.gpr[8]);
  visit(sc.r9, context.gpr[9]);
  visit(sc.r10, context.gpr[10]);
  visit(sc.r11, context.gpr[11]);
  visit(sc.r12, context.gpr[12]);
  visit(sc.r13, context.gpr[13]);
  visit(sc.r14, context.gpr[14]);
  visit(sc.r15, context.gpr[15]);
  visit(sc.eflags, context.rflags);
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

u32 altstack_state(const ThreadState& thread, u64 rsp) {
  if (thread.altstack_bytes == 0) return kSsDisable;
  return on_altstack(thread, rsp) ? kSsOnstack : 0;
}

// Where the kernel would have put the frame.
struct Placement {
  u64 frame;
  u64 fpstate;
};
Placement place_frame(const ThreadState& thread, const sys::KernelSigaction& action, u64 fp_bytes) {
  const u64 rsp = thread.context.gpr[x86::kRsp];
  u64 at = rsp - kRedZone;
  if ((action.flags & SA_ONSTACK) != 0 && altstack_state(thread, rsp) == 0) {
    at = thread.altstack_base + thread.altstack_bytes;
  }
  const u64 fpstate = align_down(at - fp_bytes, 64);
  return {align_down(fpstate - sizeof(RtSigframe), 16) - 8, fp_bytes == 0 ? 0 : fpstate};
}

bool write_frame(ThreadState& thread, const sys::KernelSigaction& action, const KernelFrame& kernel,
                 const siginfo_t& info, const Placement& place, u64 fp_bytes) {
  RtSigframe frame;
  frame.pretcode = action.restorer;
  memcpy(&frame.uc, kernel.uc, sizeof frame.uc);
  memcpy(&frame.info, &info, sizeof frame.info);
  store_context(thread.context, frame.uc.uc_mcontext);
  frame.uc.uc_mcontext.fpstate =
      reinterpret_cast<decltype(frame.uc.uc_mcontext.fpstate)>(place.fpstate);
  frame.uc.uc_stack.ss_sp = reinterpret_cast<void*>(thread.altstack_base);
  frame.uc.uc_stack.ss_size = thread.altstack_bytes;
  frame.uc.uc_stack.ss_flags = static_cast<int>(
      altstack_state(thread, thread.context.gpr[x86::kRsp]) | thread.altstack_flags);
  memcpy(&frame.uc.uc_sigmask, &thread.app_mask, sizeof thread.app_mask);
  show_app_x87_pc(*thread.core, kernel);
  return safe_copy(reinterpret_cast<void*>(place.frame), &frame, sizeof frame) == 0 &&
         safe_copy(reinterpret_cast<void*>(place.fpstate),
                   reinterpret_cast<const void*>(kernel.uc->uc_mcontext.fpstate), fp_bytes) == 0;
}

// Goes on where the program was interrupted.
void resume(ThreadState& thread, const KernelFrame& kernel) {
  resume_at_pc(*thread.core, thread);
  return_to_gate(thread, kernel);
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

bool fits_altstack(const ThreadState& thread, const sys::KernelSigaction& action, u64 frame) {
  const u32 state = altstack_state(thread, thread.context.gpr[x86::kRsp]);
  const bool enters = (action.flags & SA_ONSTACK) != 0 && state == 0;
  return (!enters && state != kSsOnstack) || frame > thread.altstack_base;
}

}  // namespace

bool is_synchronous(int signal, const siginfo_t& info) {
  switch (signal) {
    case SIGSEGV:
    case SIGBUS:
    case SIGILL:
    case SIGFPE:
    case SIGTRAP:
      return info.si_code > 0;
    default:
      return false;
  }
}

bool on_altstack(const ThreadState& thread, u64 rsp) {
  if ((thread.altstack_flags & kSsAutodisarm) != 0) return false;
  return rsp > thread.altstack_base && rsp - thread.altstack_base <= thread.altstack_bytes;
}

void return_to_gate(ThreadState& thread, const KernelFrame& frame) {
  struct sigcontext& sc = frame.uc->uc_mcontext;
  sc.rip = reinterpret_cast<u64>(&tiptoe_resume_begin);
  sc.rsp = thread.runtime_stack;
  sc.eflags = 0x202;
  const sys::SignalSet mask = kernel_mask(thread.app_mask);
  memcpy(&frame.uc->uc_sigmask, &mask, sizeof mask);
}

void return_to_die(ThreadState& thread, int signal, const KernelFrame& frame, bool is_fault) {
  reset_kernel_action(signal);
  if (!is_fault ||
      signal == SIGTRAP) {  // a trap is behind its instruction, which would not trap again
    sys::call(__NR_tgkill, sys::call(__NR_getpid), sys::call(__NR_gettid), signal);
  }
  // The core shows the program where it stood; a fault happens again there, natively.
  store_context(thread.context, frame.uc->uc_mcontext);
  const sys::SignalSet mask = thread.app_mask & ~sys::signal_bit(signal);
  memcpy(&frame.uc->uc_sigmask, &mask, sizeof mask);
}

void deliver(ThreadState& thread, int signal, const KernelFrame& kernel, u64 machine_pc) {
  Core& core = *thread.core;
  const bool is_fault = is_synchronous(signal, *kernel.info);
  if (core.check != nullptr) post_interruption(core, thread, signal, is_fault);
  if ((kAlwaysOurs & thread.app_mask & sys::signal_bit(signal)) != 0) {
    // Blocked by the program, though not in the kernel. A fault kills then, as the kernel has it.
    if (is_fault) return return_to_die(thread, signal, kernel, true);
    thread.refused_faults |= sys::signal_bit(signal);
    return resume(thread, kernel);
  }
  SignalTable& table = *thread.signals;
  sys::KernelSigaction action;
  {
    const sys::Held held(table.lock);
    action = table.actions[signal];
    if ((action.flags & SA_RESETHAND) != 0 && action.handler > sys::kSigIgn) {
      table.actions[signal].handler = sys::kSigDfl;
      if ((kAlwaysOurs & sys::signal_bit(signal)) == 0) reset_kernel_action(signal);
    }
  }
  if (action.handler <= sys::kSigIgn) {
    if (is_fault) return return_to_die(thread, signal, kernel, true);
    if (action.handler == sys::kSigIgn) return resume(thread, kernel);
    if (default_kills(signal)) return return_to_die(thread, signal, kernel, false);
    // Sent while there was a handler; the kernel does the default now.
    sys::call(__NR_tgkill, sys::call(__NR_getpid), sys::call(__NR_gettid), signal);
    return resume(thread, kernel);
  }

  siginfo_t info;
  memcpy(&info, kernel.info, sizeof info);
  if (is_fault && addresses_instruction(signal) &&
      reinterpret_cast<u64>(info.si_addr) == machine_pc) {
    info.si_addr = reinterpret_cast<void*>(raw(thread.context.pc));
  }
  constexpr int kSysSeccomp = 1;
  if (signal == SIGSYS && info.si_code == kSysSeccomp) {
    info.si_call_addr = reinterpret_cast<void*>(raw(thread.context.pc));
  }
  const u64 fpstate = reinterpret_cast<u64>(kernel.uc->uc_mcontext.fpstate);
  const u64 fp_bytes = fpstate_bytes(fpstate);
  const Placement place = place_frame(thread, action, fp_bytes);
  if (!fits_altstack(thread, action, place.frame) ||
      !write_frame(thread, action, kernel, info, place, fp_bytes)) {
    return return_to_die(thread, SIGSEGV, kernel, false);
  }
  reset_fpstate(fpstate);

  put_control(core.events, thread, Control::kSignal,
              {static_cast<u32>(signal), low32(raw(thread.context.pc)),
               high32(raw(thread.context.pc)), low32(action.handler), high32(action.handler)});
  if ((thread.altstack_flags & kSsAutodisarm) != 0) thread.altstack_bytes = 0;
  thread.app_mask |= action.mask;
  if ((action.flags & SA_NODEFER) == 0) thread.app_mask |= sys::signal_bit(signal);

  Context& context = thread.context;
  context.gpr[x86::kRax] = 0;
  context.gpr[x86::kRdi] = static_cast<u64>(signal);
  context.gpr[x86::kRsi] = place.frame + offsetof(RtSigframe, info);
  context.gpr[x86::kRdx] = place.frame + offsetof(RtSigframe, uc);
  context.gpr[x86::kRsp] = place.frame;
  context.rflags &= ~u64{x86::kDf | x86::kTf | x86::kRf};
  context.pc = AppPc{action.handler};
  begin_step(thread);
  if (core.check != nullptr) post_check(core, thread, CheckPost::kMoved);
  resume_at_pc(core, thread);
  return_to_gate(thread, kernel);
}

void app_sigreturn(Core& core, ThreadState& thread) {
  // The restorer has popped pretcode off the frame.
  const u64 uc_address = thread.context.gpr[x86::kRsp];
  RtSigframe frame;
  if (safe_copy(&frame.uc, reinterpret_cast<const void*>(uc_address), sizeof frame.uc) != 0) {
    sys::fail("sigreturn without a frame", uc_address);
  }
  for_each_register(frame.uc.uc_mcontext, thread.context,
                    [](auto& machine, u64& app) { app = machine; });
  thread.context.pc = AppPc{frame.uc.uc_mcontext.rip};
  begin_step(thread);
  memcpy(&thread.app_mask, &frame.uc.uc_sigmask, sizeof thread.app_mask);
  thread.app_mask &= ~(sys::signal_bit(SIGKILL) | sys::signal_bit(SIGSTOP));
  send_refused_faults(thread);
  if (on_altstack(thread, frame.uc.uc_mcontext.rsp)) {
    // The kernel leaves the stack alone that the thread goes on using.
  } else if ((frame.uc.uc_stack.ss_flags & static_cast<int>(kSsDisable)) != 0) {
    thread.altstack_base = thread.altstack_bytes = thread.altstack_flags = 0;
  } else {
    thread.altstack_base = reinterpret_cast<u64>(frame.uc.uc_stack.ss_sp);
    thread.altstack_bytes = frame.uc.uc_stack.ss_size;
    thread.altstack_flags = static_cast<u32>(frame.uc.uc_stack.ss_flags) & kSsAutodisarm;
  }
  put_control(core.events, thread, Control::kSigreturn,
              {low32(raw(thread.context.pc)), high32(raw(thread.context.pc))});
  if (core.check != nullptr) post_check(core, thread, CheckPost::kMoved);
  resume_at_pc(core, thread);

  // A frame of our own restores what only the kernel can: floating-point state, mask, segments. The
  // floating-point state is read where the program has it.
  frame.uc.uc_stack.ss_sp = reinterpret_cast<void*>(thread.signal_stack);
  frame.uc.uc_stack.ss_size = thread.signal_stack_bytes;
  frame.uc.uc_stack.ss_flags = 0;
  return_to_gate(thread, {&frame.info, &frame.uc});
  asm volatile(
      "mov %0, %%rsp\n\t"
      "mov $15, %%eax\n\t"
      "jmp *tiptoe_call_site(%%rip)"
      :
      : "r"(&frame.uc)
      : "rax", "memory");
  __builtin_unreachable();
}

}  // namespace tiptoe::engine
