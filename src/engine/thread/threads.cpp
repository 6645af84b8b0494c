#include "engine/thread/threads.h"

#include <asm/prctl.h>
#include <linux/mman.h>

#include "base/memory.h"
#include "engine/context/gate.h"
#include "engine/dispatch/dispatch.h"
#include "sys/fail.h"
#include "sys/mapping.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

// One mapping a thread: guard, signal stack, guard, runtime stack, state. The signal stack holds
// the kernel's frame (11 KiB with all of AVX-512 and AMX), a second one for a fault in a copy, and
// the handler.
constexpr u64 kSignalStackBytes = 56 << 10;
constexpr u64 kRuntimeStackBytes = 40 << 10;
constexpr u64 kThreadBytes = kPageBytes + kSignalStackBytes + kPageBytes + kRuntimeStackBytes +
                             align_up(sizeof(ThreadState), kPageBytes);
constexpr u32 kAltstackDisabled = 2;  // SS_DISABLE, as the kernel resets it for a new thread

u64 entry(void (*label)()) {
  return reinterpret_cast<u64>(label);
}

ThreadState* take_unused(Core& core) {
  for (ThreadState* thread = core.threads; thread != nullptr; thread = thread->next) {
    u32 unused = 0;
    if (__atomic_compare_exchange_n(&thread->in_use, &unused, 1, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED)) {
      return thread;
    }
  }
  return nullptr;
}

ThreadState* map_new(Core& core) {
  const u64 memory = sys::map_private(kThreadBytes, PROT_READ | PROT_WRITE);
  TIPTOE_CHECK(memory != 0, 0, 0);
  const u64 signal_stack = memory + kPageBytes;
  const u64 runtime_guard = signal_stack + kSignalStackBytes;
  const u64 state = runtime_guard + kPageBytes + kRuntimeStackBytes;
  sys::call(__NR_mprotect, memory, kPageBytes, PROT_NONE);
  sys::call(__NR_mprotect, runtime_guard, kPageBytes, PROT_NONE);

  auto& thread = *reinterpret_cast<ThreadState*>(state);
  thread.self = &thread;
  thread.core = &core;
  thread.runtime_stack = state;
  thread.signal_stack = signal_stack;
  thread.signal_stack_bytes = kSignalStackBytes;
  thread.return_table = core.returns.address();
  thread.indirect_table = core.indirects.address();
  thread.enter_exit = entry(tiptoe_enter_exit);
  thread.enter_indirect = entry(tiptoe_enter_indirect);
  thread.enter_return_miss = entry(tiptoe_enter_return_miss);
  thread.enter_syscall = entry(tiptoe_enter_syscall);
  thread.enter_emulate = entry(tiptoe_enter_emulate);
  thread.enter_rseq_abort = entry(tiptoe_enter_rseq_abort);
  thread.enter_check_point = entry(tiptoe_enter_check_point);
  thread.enter_compatibility_code = entry(tiptoe_enter_compatibility_code);
  thread.in_use = 1;
  thread.next = core.threads;
  core.threads = &thread;
  return &thread;
}

// In a forked child only its own thread exists.
void forget_other_threads(Core& core, ThreadState& self) {
  for (ThreadState* thread = core.threads; thread != nullptr; thread = thread->next) {
    if (thread == &self) continue;
    thread->in_use = 0;
    thread->window = 0;  // what is in its chunk belongs to the parent
  }
}

u64 token_of(const ThreadState& child) {
  return reinterpret_cast<u64>(&child);
}

// With userfaultfd the kernel may hold the fork, when it has copied the memory, until a thread of
// the program has read that it happens: that thread must find the locks free.
void lend_locks(Core& core, ThreadState& parent, ThreadState& child) {
  if (!core.space.pages_may_wait()) return;
  if (core.fork_page == 0) core.fork_page = sys::map_private(kPageBytes, PROT_READ | PROT_WRITE);
  if (core.fork_page == 0) return;
  child.clone_kind.lends_locks = true;
  __atomic_fetch_add(reinterpret_cast<u64*>(core.fork_page), 1, __ATOMIC_SEQ_CST);  // ours alone
  parent.signals->lock.lend(token_of(child), core.fork_page);
  core.lock.lend(token_of(child), core.fork_page);
}

}  // namespace

ThreadState& allocate_thread(const sys::Held&, Core& core) {
  ThreadState* thread = take_unused(core);
  if (thread == nullptr) thread = map_new(core);
  thread->pending = 0;
  thread->cache_epoch = 0;
  thread->window = 0;
  thread->stream = 0;
  thread->recording = 0;
  thread->syscall_recorded = 0;
  thread->call_trapped = 0;
  thread->strict_seccomp = 0;
  thread->user_dispatch = {};
  thread->compatibility.cs = 0;
  thread->step_from = 0;
  thread->has_temporary_mask = 0;
  thread->waits_for_fault = 0;
  thread->exact_mask = 0;
  thread->trap_number = thread->trap_error = thread->trap_address = 0;
  forget_kept_faults(thread->kept_faults);
  thread->rseq_area = 0;
  thread->silent = 0;
  thread->altstack_base = 0;
  thread->altstack_bytes = 0;
  thread->altstack_flags = 0;
  thread->parent = nullptr;
  thread->after_syscall = nullptr;
  thread->fault_due = 0;
  return *thread;
}

void load_gs_selector(ThreadState& thread, u16 selector) {
  // In between a signal handler would not find the thread.
  set_kernel_mask(~sys::SignalSet{0});
  asm volatile(
      "wrgsbase %[base]\n\t"
      "mov %w[selector], %%gs\n\t"
      "rdgsbase %[base]\n\t"
      "wrgsbase %[self]"
      : [base] "+r"(thread.app_gs_base)
      : [selector] "r"(selector), [self] "r"(&thread)
      : "memory");
  apply_app_mask(thread);
}

void set_gs(const Core& core, ThreadState& thread) {
  if (has_fsgsbase(core)) {
    asm volatile("wrgsbase %0" : : "r"(&thread) : "memory");
  } else {
    sys::call(__NR_arch_prctl, ARCH_SET_GS, &thread);
  }
}

void begin_thread(Core& core, ThreadState& thread, u32 parent_stream) {
  thread.tid = static_cast<i32>(sys::call(__NR_gettid));
  install_signal_stack(thread);
  if (!core.events.defining()) return;
  thread.recording = core.events.recording();
  if (thread.silent != 0) {
    if (thread.recording) open_flow(core.events, thread);
    return;
  }
  thread.stream = __atomic_fetch_add(&core.events.control()->next_stream, 1, __ATOMIC_RELAXED);
  {
    const sys::Held held(core.lock);
    core.definitions.thread_start(thread, parent_stream, thread.context.pc);
  }
  if (thread.recording) open_flow(core.events, thread);  // may wait for the recorder
}

void end_thread(Core& core, ThreadState& thread) {
  if (thread.recording) {
    put_control(core.events, thread, Control::kThreadEnd, {});
    close_flow(core.events, thread);
    thread.recording = 0;
  }
  if (thread.stream == 0 || thread.silent != 0) return;
  const sys::Held held(core.lock);
  core.definitions.thread_end(thread);
}

void prepare_clone(Core& core, ThreadState& parent, const CloneKind& kind) {
  // By the parent, which may be gone before its child can say that it is there.
  if (!kind.is_thread) {
    __atomic_fetch_add(&core.events.control()->forks_begun, 1, __ATOMIC_SEQ_CST);
  }
  // All but a filter's SIGSYS, which kills when it is blocked.
  const sys::SignalSet trap = core.filtered ? sys::signal_bit(SIGSYS) & ~parent.app_mask : 0;
  set_kernel_mask(~trap);
  // A forked child must not inherit the lock from a thread that it does not have: it is held across
  // the call.
  ThreadState* child;
  {
    sys::Held held(core.lock);
    child = &allocate_thread(held, core);
    if (!kind.shares_memory) {
      held.keep();
      parent.signals->lock.acquire();
    }
  }
  // The parent finds its way back through the child's state, however soon the child ends.
  if (kind.shares_memory) child->in_use = 2;
  child->context = parent.context;
  child->app_gs_base = parent.app_gs_base;
  child->app_mask = parent.app_mask;
  child->trap_number = parent.trap_number;
  child->trap_error = parent.trap_error;
  child->trap_address = parent.trap_address;
  child->process = parent.process;
  child->stream = parent.stream;  // until the child has its own: tells it its parent's
  child->signals = parent.signals;
  child->parent = &parent;
  child->clone_kind = kind;
  child->silent = parent.silent;
  child->legacy_call = parent.legacy_call;
  child->compatibility = parent.compatibility;
  child->altstack_flags = kAltstackDisabled;
  if (!kind.shares_memory) child->rseq_area = parent.rseq_area;  // as the kernel has it
  if (!kind.shares_memory || kind.is_vfork) {
    child->altstack_base = parent.altstack_base;
    child->altstack_bytes = parent.altstack_bytes;
    child->altstack_flags = parent.altstack_flags;
  }
  set_gs(core, *child);
  if (!kind.shares_memory) lend_locks(core, parent, *child);
}

namespace {

// Whether the new process is one that nobody asked to follow. Its code records all the same, being
// its parent's; the words go nowhere.
bool is_silent(const Core& core, ThreadState& thread) {
  if ((core.events.control()->flags & kControlFollowChildren) == 0) thread.silent = 1;
  return thread.silent != 0;
}

// The child of a fork: a copy of everything, alone, with streams of its own.
void begin_forked_process(Core& core, ThreadState& thread) {
  core.lock.reset();
  core.fault_on_the_way.reset();
  core.executable_on_the_way = 0;
  core.lock_future = 0;  // locks on memory are not inherited
  thread.signals->lock.reset();
  forget_kept_faults(thread.signals->kept_faults);  // they were sent to the parent
  forget_other_threads(core, thread);
  if (is_silent(core, thread)) {
    core.definitions.silence();
  } else if (core.events.defining()) {
    const u32 parent_process = thread.process;
    thread.process = __atomic_fetch_add(&core.events.control()->next_process, 1, __ATOMIC_RELAXED);
    const sys::Held held(core.lock);
    core.definitions.begin_process(thread.process, parent_process);
    core.events.ring_doorbell();  // whoever watches it must begin before it ends
  }
}

// A process that shares our memory (vfork): a process of its own in the trace, in the same
// definitions.
void begin_sharing_process(Core& core, ThreadState& thread) {
  const sys::Held held(core.lock);
  if (!core.events.defining() || is_silent(core, thread)) return;
  const u32 parent_process = thread.process;
  thread.process = __atomic_fetch_add(&core.events.control()->next_process, 1, __ATOMIC_RELAXED);
  core.definitions.sharing_process(thread.process, parent_process);
}

// Actions are copied when they are not shared.
void own_signal_table(Core& core, ThreadState& thread, bool cleared) {
  const sys::Held held(core.lock);
  SignalTable* table = core.spare_signal_tables;
  if (table != nullptr) {
    core.spare_signal_tables = table->next_spare;
  } else {
    table = core.cache.arena().take<SignalTable>();
  }
  TIPTOE_CHECK(table != nullptr, 0, 0);
  for (int i = 0; i <= sys::kSignalCount; ++i) table->actions[i] = thread.signals->actions[i];
  forget_kept_faults(table->kept_faults);
  if (cleared) init_signal_table(*table);  // from what the kernel has left
  thread.signals = table;
}

// The child of a vfork is gone, or is another program.
void take_back_signal_table(Core& core, const ThreadState& parent, const ThreadState& child) {
  if (child.signals == parent.signals) return;
  const sys::Held held(core.lock);
  child.signals->next_spare = core.spare_signal_tables;
  core.spare_signal_tables = child.signals;
}

}  // namespace

// Behind a fork, in the parent.
static void release_locks(Core& core, ThreadState& parent, const ThreadState& child) {
  if (child.clone_kind.lends_locks) {
    parent.signals->lock.end_lending(token_of(child));
    core.lock.end_lending(token_of(child));
  } else {
    parent.signals->lock.release();
    core.lock.release();
  }
}

extern "C" {

// In the parent, gs still the child's.
void tiptoe_after_clone(ThreadState& parent, i64 result) {
  Core& core = *parent.core;
  ThreadState& child = this_thread();
  set_gs(core, parent);
  const CloneKind kind = child.clone_kind;
  if (!kind.shares_memory) {
    release_locks(core, parent, child);
  }
  const bool trapped = parent.call_trapped != 0;
  if (trapped) {  // a filter's SIGSYS came in place of a child
    parent.call_trapped = 0;
    memcpy(parent.held[0], child.held[0], sizeof parent.held[0]);
    parent.pending = 1;
  }
  if (kind.is_vfork && kind.shares_memory) take_back_signal_table(core, parent, child);
  // The call failed, the child has its own copy of the state, or it is gone.
  const bool alone = trapped || sys::is_error(result) || !kind.shares_memory || kind.is_vfork;
  if (alone) {
    __atomic_store_n(&child.in_use, 0, __ATOMIC_RELEASE);
  } else {
    __atomic_fetch_sub(&child.in_use, 1, __ATOMIC_RELEASE);
  }
  finish_syscall(parent, result);
  resume_at_pc(core, parent);
  apply_app_mask(parent);
}

void tiptoe_child_start(ThreadState& thread) {
  Core& core = *thread.core;
  const CloneKind kind = thread.clone_kind;
  const u32 parent_stream = thread.stream;
  if (!kind.shares_memory) {
    begin_forked_process(core, thread);
  } else if (!kind.is_thread) {
    begin_sharing_process(core, thread);
  }
  if ((kind.shares_memory && !kind.shares_signals) || kind.clears_signals) {
    own_signal_table(core, thread, kind.clears_signals);
  }
  finish_syscall(thread, 0);
  begin_thread(core, thread, parent_stream);
  if (!kind.is_thread) {
    put_control(core.events, thread, Control::kForkChild,
                {low32(raw(thread.context.pc)), high32(raw(thread.context.pc))});
  } else {
    put_control(core.events, thread, Control::kThreadStart,
                {low32(raw(thread.context.pc)), high32(raw(thread.context.pc))});
  }
  resume_at_pc(core, thread);
  apply_app_mask(thread);
}

}  // extern "C"

}  // namespace tiptoe::engine
