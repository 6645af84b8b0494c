// The one signal handler of the runtime: where was the thread, what does the signal mean there?
//
// docs/SIGNALS.md has the table of all places and what happens in each. The handler runs on the
// thread's own alternate stack with every signal blocked but the fault signals, of which only a
// copy from or to the program's memory may raise one here.
#include <asm/errno.h>

#include "base/memory.h"
#include "engine/context/gate.h"
#include "engine/context/safe_copy.h"
#include "engine/dispatch/check_point.h"
#include "engine/dispatch/compatibility_code.h"
#include "engine/dispatch/stopped_thread.h"
#include "engine/signal/compatibility_step.h"
#include "engine/signal/deliver.h"
#include "engine/signal/step.h"
#include "engine/thread/exec_request.h"
#include "sys/fail.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

u64 address(const char* label) {
  return reinterpret_cast<u64>(label);
}

Context machine_context(const struct sigcontext& sc) {
  return {{sc.rax, sc.rcx, sc.rdx, sc.rbx, sc.rsp, sc.rbp, sc.rsi, sc.rdi, sc.r8, sc.r9, sc.r10,
           sc.r11, sc.r12, sc.r13, sc.r14, sc.r15},
          sc.eflags,
          AppPc{0}};
}

// The flow stream says how far the block was executed.
void record_leaving(Core& core, ThreadState& thread, const Block& block, const AppState& state) {
  if (!thread.recording) return;
  if (!state.left_block) {
    if (state.instructions != 0) {
      put_control(core.events, thread, Control::kPartial,
                  {block.first_flow_id, state.instructions});
    }
  } else if (state.exit_unrecorded && state.exit != nullptr) {
    put_exit(core.events, thread, state.exit->flow_id);
  }
}

// The emitted store ran into the guard page of the event window: another chunk, and again.
bool refill_event_window(Core& core, ThreadState& thread, int signal, const KernelFrame& frame) {
  if (signal != SIGSEGV || !thread.recording ||
      !is_flow_guard(thread, reinterpret_cast<u64>(frame.info->si_addr))) {
    return false;
  }
  struct sigcontext& sc = frame.uc->uc_mcontext;
  thread.cursor = sc.r15;
  next_flow_chunk(core.events, thread);
  sc.r15 = thread.cursor;
  return true;
}

bool is_held(const ThreadState& thread, int signal) {
  for (u32 i = 0; i < thread.pending; ++i) {
    if (reinterpret_cast<const siginfo_t&>(thread.held[i]).si_signo == signal) return true;
  }
  return false;
}

// Where the runtime unblocks signals: it tests `pending` again. (The system call itself is made in
// the call page.)
void back_to_test(struct sigcontext& sc) {
  constexpr u64 kSigreturn = __NR_rt_sigreturn;
  const bool calls = sc.rip == sys::call_site();
  const auto is_between = [&](const char* begin, const char* end) {
    return sc.rip >= address(begin) && sc.rip < address(end);
  };
  if (calls && *reinterpret_cast<const u64*>(sc.rsp) == address(tiptoe_set_mask_done)) {
    sc.rsp += 8;
    sc.rip = address(tiptoe_set_mask_begin);
  } else if (is_between(tiptoe_set_mask_begin, tiptoe_set_mask_done)) {
    sc.rip = address(tiptoe_set_mask_begin);
  } else if (is_between(tiptoe_sigreturn_begin, tiptoe_sigreturn_held) ||
             (calls && sc.rax == kSigreturn && sc.rdi == sc.rsp)) {
    sc.rip = address(tiptoe_sigreturn_begin);
  }
}

// The runtime is at work: the signal waits until its windows, and the kernel queues the others but
// for fault signals, of which one of each kind can wait, as in the kernel.
void hold_until_window(ThreadState& thread, int signal, const KernelFrame& frame) {
  if (!is_fault_signal(signal) || !is_held(thread, signal)) {
    TIPTOE_CHECK(thread.pending < ThreadState::kMaxHeld, signal, frame.uc->uc_mcontext.rip);
    memcpy(thread.held[thread.pending], frame.info, sizeof(siginfo_t));
    ++thread.pending;
  }
  memcpy(&frame.uc->uc_sigmask, &kBlockedWhileHeld, sizeof kBlockedWhileHeld);
  back_to_test(frame.uc->uc_mcontext);
}

// The branch that ends the block in that its target is not known before.
const Exit& indirect_exit(const Block& block) {
  u32 last = block.exit_count - 1u;
  while (block.exits[last].role != Entry::kIndirect) --last;
  return block.exits[last];
}

// A lookup whose entry was made for another address with the same low half faults at its transfer.
void go_on_in_cache(Core& core, ThreadState& thread, const StoppedThread& stopped) {
  switch (stopped.app.at) {
    case At::kTargetOnStack:
      note_collision(core, Entry::kDrop);
      return arrive(core, thread, indirect_exit(*stopped.piece->block), Entry::kDrop);
    case At::kTargetInSlot:
      note_collision(core, Entry::kIndirect);
      return arrive(core, thread, indirect_exit(*stopped.piece->block), Entry::kIndirect);
    default:
      return resume_at_pc(core, thread);
  }
}

void on_signal_in_cache(Core& core, ThreadState& thread, int signal, const KernelFrame& frame,
                        const StoppedThread& stopped) {
  const struct sigcontext& sc = frame.uc->uc_mcontext;
  const bool synchronous = is_synchronous(signal, *frame.info);
  if (synchronous && refill_event_window(core, thread, signal, frame)) return;

  const AppState& state = stopped.app;
  if (thread.recording) thread.cursor = sc.r15;
  thread.context = state.context;
  if (state.fs_is_gs) asm volatile("wrfsbase %0" : : "r"(thread.app_fs_base));
  record_leaving(core, thread, *stopped.piece->block, state);
  sys::log(2, "signal in cache", static_cast<u64>(signal), sc.rip, raw(state.context.pc));
  if (synchronous && !state.app_fault && signal != SIGTRAP) {
    // The engine's own access below the program's stack: it goes on without it. Or to code that
    // cannot be read any more: its block goes.
    if (core.check != nullptr) post_interruption(core, thread, signal, false);
    if (stopped.piece->block->checked && state.instructions == 0 && !state.left_block) {
      const sys::Held held(core.lock);
      invalidate_block(held, core, *stopped.piece->block);
    }
    go_on_in_cache(core, thread, stopped);
    return return_to_gate(thread, frame);
  }
  deliver(thread, signal, frame,
          {.mask = thread.app_mask,
           .is_fault = synchronous,
           .has_trap = synchronous,
           .machine_pc = sc.rip});
}

// What is only true of the call that was to be made.
void forget_call(ThreadState& thread) {
  thread.has_temporary_mask = 0;
  thread.waits_for_fault = 0;
}

// By a seccomp filter, in place of the system call.
bool is_trap(int signal, const siginfo_t& info) {
  constexpr int kSysSeccomp = 1;
  return signal == SIGSYS && info.si_code == kSysSeccomp;
}

// The runtime's own wrapper made the call, and has to know.
void note_trapped_call(ThreadState& thread, u64 pc) {
  if (pc == address(tiptoe_app_syscall_done) || pc == address(tiptoe_app_int80_done)) {
    thread.call_trapped = 1;
  }
  if (pc == address(tiptoe_clone_done) || pc == address(tiptoe_clone_int80_done)) {
    thread.parent->call_trapped = 1;  // gs is the child's already
  }
}

// Whether the kernel has sent the thread back to the instruction that makes a system call, to make
// it again: `syscall` has left its return address in rcx, `int 0x80` is not gone back to as a
// whole.
bool is_made_again(const struct sigcontext& sc) {
  const auto is_at = [&](const char* insn, const char* done) {
    return sc.rip == address(insn) && sc.rcx == address(done);
  };
  return is_at(tiptoe_syscall_insn, tiptoe_syscall_done) ||
         is_at(tiptoe_app_syscall_insn, tiptoe_app_syscall_done) ||
         sc.rip == address(tiptoe_int80_again) || sc.rip == address(tiptoe_app_int80_again);
}

// The program is at its system call again, which has been executed once: its words stay, and it has
// changed what calls change. In rax is which one is to be made.
void note_made_again(ThreadState& thread, const struct sigcontext& sc) {
  const AppPc pc = thread.context.pc;
  thread.context =
      behind_syscall(thread.context, static_cast<i64>(sc.rax), thread.legacy_call != 0);
  thread.context.pc = pc;
  thread.syscall_recorded = 0;
}

// A system call that a signal interrupts before it is made was not made. One that the kernel wants
// made again has been.
void forget_unmade_syscall(ThreadState& thread, const struct sigcontext& sc) {
  withdraw_exec(*thread.core, thread);
  if (is_made_again(sc)) {
    note_made_again(thread, sc);
  } else if (thread.recording && thread.syscall_recorded != 0) {
    thread.cursor -= thread.syscall_recorded;
    memset(reinterpret_cast<void*>(thread.cursor), 0, thread.syscall_recorded);
  }
  thread.syscall_recorded = 0;
  forget_call(thread);
}

// The pending signal was found before the system call, if the thread was about to make one.
void forget_pending_syscall(ThreadState& thread) {
  if (thread.syscall_recorded == 0 && thread.exec_prepared == 0) return;
  struct sigcontext before_call {};
  forget_unmade_syscall(thread, before_call);
}

// Which of the signals that wait is delivered first: the one that is not a fault signal, if there
// is one, because it may be queued, and more of its kind wait in the kernel.
u32 first_held(const ThreadState& thread) {
  for (u32 i = 0; i < thread.pending; ++i) {
    if (!is_fault_signal(reinterpret_cast<const siginfo_t&>(thread.held[i]).si_signo)) return i;
  }
  return 0;
}

// One of the signals that wait is delivered now. The others are fault signals that were sent: sent
// again, they come at once, and are held or kept.
void release_held(ThreadState& thread, siginfo_t* first) {
  u8 copies[ThreadState::kMaxHeld][sizeof(siginfo_t)];
  memcpy(copies, thread.held, sizeof copies);
  const u32 chosen = first_held(thread);
  const u32 count = thread.pending;
  memcpy(first, copies[chosen], sizeof *first);
  thread.pending = 0;
  for (u32 i = 0; i < count; ++i) {
    if (i != chosen) send_to_this_thread(reinterpret_cast<const siginfo_t&>(copies[i]));
  }
}

// The program's mask that decides what a signal does that came here.
sys::SignalSet mask_in_force(const ThreadState& thread, Where where, const struct sigcontext& sc) {
  const bool within_call = where == Where::kSyscallDone && thread.has_temporary_mask != 0 &&
                           static_cast<i64>(sc.rax) == -EINTR;
  return within_call ? thread.temporary_mask : thread.app_mask;
}

// Sent, not caused, and only here because fault signals are not blocked or ignored in the kernel.
bool refuse(ThreadState& thread, int signal, const siginfo_t& info, sys::SignalSet mask) {
  if (!is_fault_signal(signal) || is_synchronous(signal, info)) return false;
  const bool blocked = (mask & sys::signal_bit(signal)) != 0;
  if (!blocked && !is_ignored(*thread.signals, signal)) return false;
  if (blocked) keep_fault(thread, info);
  thread.signals->faults_are_sent = 1;
  return true;
}

// As if nothing had come. A system call is made again if it was interrupted, and if it is about to
// be made: it may be one that looks for the signal.
void go_on_undisturbed(ThreadState& thread, Where where, const KernelFrame& frame) {
  const struct sigcontext& sc = frame.uc->uc_mcontext;
  if (where == Where::kBeforeSyscall) {
    forget_unmade_syscall(thread, sc);
  } else if (where == Where::kSyscallDone && static_cast<i64>(sc.rax) == -EINTR) {
    withdraw_exec(*thread.core, thread);
    thread.syscall_recorded = 0;
    forget_call(thread);
  } else {
    return step_on(thread, frame);
  }
  thread.exact_mask = 0;
  resume(thread, frame);
}

// The thread was sent to fault where no code is: it has arrived, or will not.
void end_way_to_fault(Core& core, ThreadState& thread, Where where) {
  if (thread.fault_due == 0 || where == Where::kRuntime || where == Where::kSafeCopy) return;
  thread.fault_due = 0;
  core.fault_on_the_way.release();
}

}  // namespace

extern "C" {

void tiptoe_on_signal(int signal, siginfo_t* info, struct ucontext* uc) {
  ThreadState& thread = this_thread();
  Core& core = *thread.core;
  const KernelFrame frame{info, uc};
  struct sigcontext& sc = uc->uc_mcontext;
  const u64 pc = sc.rip;
  // What only waits, or only ends a copy, reads nothing of the program's.
  const Where where = where_is(core, pc);
  if (where != Where::kRuntime && where != Where::kSafeCopy) set_kernel_mask(kBlockedWhileHeld);
  const bool in_32_bit_code = where == Where::kApp && in_compatibility_code(thread);
  if (in_32_bit_code && go_on_in_compatibility_code(thread, signal, frame, machine_context(sc)))
    return;
  const StoppedThread stopped = stopped_thread(core, thread, machine_context(sc), pc);
  if (!in_32_bit_code && is_step_trap(signal, *info) && !has_stepped(thread, stopped, pc)) return;
  Arrival arrival{.mask = mask_in_force(thread, stopped.where, sc), .is_fault = false};
  if (stopped.where != Where::kRaise && refuse(thread, signal, *info, arrival.mask)) {
    return go_on_undisturbed(thread, stopped.where, frame);
  }
  end_way_to_fault(core, thread, stopped.where);
  thread.exact_mask = 0;
  switch (stopped.where) {
    case Where::kNoAddress:
      if (!is_synchronous(signal, *info)) return hold_until_window(thread, signal, frame);
      [[fallthrough]];
    case Where::kCache:
      return on_signal_in_cache(core, thread, signal, frame, stopped);
    case Where::kRaise:
      forget_pending_syscall(thread);
      release_held(thread, info);
      if (refuse(thread, info->si_signo, *info, arrival.mask)) return resume(thread, frame);
      arrival.is_fault = is_synchronous(info->si_signo, *info);
      return deliver(thread, info->si_signo, frame, arrival);
    case Where::kBeforeSyscall:
      forget_unmade_syscall(thread, sc);
      return deliver(thread, signal, frame, arrival);
    case Where::kContext:
      // At the jump to an address that is none, or forced, for the bad frame of a sigreturn.
      arrival.is_fault = is_synchronous(signal, *info);
      arrival.has_trap = arrival.is_fault && pc != address(tiptoe_resume_begin);
      return deliver(thread, signal, frame, arrival);
    case Where::kSyscallDone:
      withdraw_exec(core, thread);
      finish_syscall(thread, static_cast<i64>(sc.rax));
      forget_call(thread);
      return deliver(thread, signal, frame, arrival);
    case Where::kAppCall:
      if (is_made_again(sc)) note_made_again(thread, sc);
      sc.rip = address(tiptoe_app_syscall_not_made);
      return hold_until_window(thread, signal, frame);
    case Where::kSafeCopy:
      if (is_synchronous(signal, *info)) {
        thread.met_fault = {signal, info->si_code, reinterpret_cast<u64>(info->si_addr), sc.trapno,
                            sc.err};
        sc.rip = address(pc == address(tiptoe_safe_copy_fault) ? tiptoe_safe_copy_recover
                                                               : tiptoe_x87_store_recover);
        return;
      }
      return hold_until_window(thread, signal, frame);
    case Where::kRuntime:
      if (is_synchronous(signal, *info)) {
        sys::fail("fault in the runtime (at, address)", pc - core.runtime_start,
                  reinterpret_cast<u64>(info->si_addr));
      }
      if (is_trap(signal, *info)) note_trapped_call(thread, pc);
      return hold_until_window(thread, signal, frame);
    case Where::kRseqAbort:
      // A full chunk was met in the section: the kernel has aborted it before it told us.
      if (is_synchronous(signal, *info) && refill_event_window(core, thread, signal, frame)) return;
      if (thread.recording) thread.cursor = sc.r15;
      thread.context = stopped.app.context;
      record_rseq_abort(thread);
      arrival.is_fault = arrival.has_trap = is_synchronous(signal, *info);
      arrival.machine_pc = pc;
      return deliver(thread, signal, frame, arrival);
    case Where::kApp:
      thread.context = stopped.app.context;
      arrival.is_fault = arrival.has_trap = is_synchronous(signal, *info);
      arrival.machine_pc = pc;
      return deliver(thread, signal, frame, arrival);
  }
}

// The gate is about to raise a fault on purpose.
void tiptoe_before_raise(ThreadState& thread) {
  leave_exact_mask(thread);
}

}  // extern "C"

}  // namespace tiptoe::engine
