// The one signal handler of the runtime: where was the thread, what does the signal mean there?
//
// docs/SIGNALS.md has the table of all places and what happens in each. The handler runs on the
// thread's own alternate stack with every signal blocked but SIGSEGV and SIGBUS, which only a copy
// from or to the program's memory may raise here.
#include "base/memory.h"
#include "engine/context/gate.h"
#include "engine/context/safe_copy.h"
#include "engine/dispatch/check_point.h"
#include "engine/dispatch/stopped_thread.h"
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

void on_signal_in_cache(Core& core, ThreadState& thread, int signal, const KernelFrame& frame,
                        const StoppedThread& stopped) {
  const struct sigcontext& sc = frame.uc->uc_mcontext;
  const bool synchronous = is_synchronous(signal, *frame.info);
  if (synchronous && refill_event_window(core, thread, signal, frame)) return;

  const AppState& state = stopped.app;
  if (thread.recording) thread.cursor = sc.r15;
  thread.context = state.context;
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
    resume_at_pc(core, thread);
    return return_to_gate(thread, frame);
  }
  deliver(thread, signal, frame, sc.rip);
}

// The runtime is at work: the signal waits until its windows, and the kernel queues the others. (A
// few more may come while the runtime itself sets the mask.)
void hold_until_window(ThreadState& thread, int signal, const KernelFrame& frame) {
  TIPTOE_CHECK(thread.pending < ThreadState::kMaxHeld, signal, frame.uc->uc_mcontext.rip);
  memcpy(thread.held[thread.pending], frame.info, sizeof(siginfo_t));
  ++thread.pending;
  // A trap that comes while it is blocked kills.
  const bool traps = (frame.uc->uc_mcontext.eflags & x86::kTf) != 0;
  const sys::SignalSet trap = traps ? sys::signal_bit(SIGTRAP) & ~thread.app_mask : 0;
  const sys::SignalSet all = ~kAlwaysOurs & ~trap;
  memcpy(&frame.uc->uc_sigmask, &all, sizeof all);
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

// A system call that a signal interrupts before it is made was not made. One that the kernel wants
// made again has been: `syscall` has left its return address in rcx.
void forget_unmade_syscall(ThreadState& thread, const struct sigcontext& sc) {
  withdraw_exec(*thread.core, thread);
  const bool made =
      sc.rip == address(tiptoe_syscall_insn) && sc.rcx == address(tiptoe_syscall_done);
  if (thread.recording && thread.syscall_recorded != 0 && !made) {
    thread.cursor -= thread.syscall_recorded;
    memset(reinterpret_cast<void*>(thread.cursor), 0, thread.syscall_recorded);
  }
  thread.syscall_recorded = 0;
}

// The pending signal was found before the system call, if the thread was about to make one.
void forget_pending_syscall(ThreadState& thread) {
  if (thread.syscall_recorded == 0 && thread.exec_prepared == 0) return;
  struct sigcontext before_call {};
  forget_unmade_syscall(thread, before_call);
}

// The first of the signals that wait is delivered now; the kernel takes the others back, in their
// order, while all are blocked, and delivers them when the program's mask allows it.
void release_held(ThreadState& thread, siginfo_t* first) {
  memcpy(first, thread.held[0], sizeof *first);
  for (u32 i = 1; i < thread.pending; ++i) {
    const auto& info = reinterpret_cast<const siginfo_t&>(thread.held[i]);
    sys::call(__NR_rt_tgsigqueueinfo, sys::call(__NR_getpid), sys::call(__NR_gettid), info.si_signo,
              &info);
  }
  thread.pending = 0;
}

// The thread was sent to fault where no code is: it has arrived, or will not.
void end_way_to_fault(Core& core, ThreadState& thread, Where where) {
  if (thread.fault_due == 0 || where == Where::kRuntime || where == Where::kSafeCopy) return;
  thread.fault_due = 0;
  core.fault_on_the_way.release();
}

}  // namespace

extern "C" void tiptoe_on_signal(int signal, siginfo_t* info, struct ucontext* uc) {
  ThreadState& thread = this_thread();
  Core& core = *thread.core;
  const KernelFrame frame{info, uc};
  struct sigcontext& sc = uc->uc_mcontext;
  const u64 pc = sc.rip;
  const StoppedThread stopped = stopped_thread(core, thread, machine_context(sc), pc);
  end_way_to_fault(core, thread, stopped.where);
  if (is_step_trap(signal, *info) && !has_stepped(thread, stopped, pc)) return;
  switch (stopped.where) {
    case Where::kCache:
      return on_signal_in_cache(core, thread, signal, frame, stopped);
    case Where::kRaise:
      forget_pending_syscall(thread);
      release_held(thread, info);
      return deliver(thread, info->si_signo, frame, 0);
    case Where::kBeforeSyscall:
      forget_unmade_syscall(thread, sc);
      return deliver(thread, signal, frame, pc);
    case Where::kContext:
      return deliver(thread, signal, frame, pc);
    case Where::kSyscallDone:
      withdraw_exec(core, thread);
      finish_syscall(thread, static_cast<i64>(sc.rax));
      return deliver(thread, signal, frame, pc);
    case Where::kAppCall:
      sc.rip = address(tiptoe_app_syscall_not_made);
      return hold_until_window(thread, signal, frame);
    case Where::kSafeCopy:
      if (is_synchronous(signal, *info)) {
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
    case Where::kApp:
      thread.context = stopped.app.context;
      return deliver(thread, signal, frame, pc);
  }
}

}  // namespace tiptoe::engine
