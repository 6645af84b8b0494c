#include "engine/dispatch/dispatch.h"

#include <asm/errno.h>
#include <linux/mman.h>

#include "engine/context/cursor_register.h"
#include "engine/context/safe_copy.h"
#include "engine/dispatch/branch_fault.h"
#include "engine/dispatch/check_point.h"
#include "engine/dispatch/compatibility_code.h"
#include "engine/dispatch/stopped_thread.h"
#include "engine/link/link.h"
#include "engine/translate/evict.h"
#include "engine/trust/kernel_maps.h"
#include "sys/fail.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

using x86::kRcx;
using x86::kRsp;

// After this many wrong guesses an indirect branch gives up its inline cache for the lookup.
constexpr u8 kMaxMisses = 3;

u64& rcx_of(ThreadState& thread) {
  return thread.context.gpr[kRcx];
}
u64 parked_rcx(const ThreadState& thread) {
  return thread.spill[static_cast<unsigned>(Spill::kBranch)];
}

void resume_in(const sys::Held& held, const Core& core, ThreadState& thread, const Block& block) {
  hold_cache(held, core, thread);
  resume_in_cache(thread, block.entries[static_cast<unsigned>(Entry::kBody)]);
}

// The owner of an exit may have been invalidated, or evicted, since the thread left by it.
void link_if_valid(const sys::Held& held, Core& core, Exit& exit, Block& to) {
  if (!exit.owner->valid) return;
  if (!link(held, core.cache, core.states, exit, to)) invalidate_block(held, core, *exit.owner);
}

// The three system calls of the legacy vsyscall page, which can be called but not read.
bool emulate_vsyscall(ThreadState& thread) {
  constexpr u64 kPage = 0xffffffffff600000;
  constexpr i64 kNumbers[] = {__NR_gettimeofday, __NR_time, __NR_getcpu};
  const u64 offset = raw(thread.context.pc) - kPage;
  if (offset >= 3 * 1024 || offset % 1024 != 0) return false;
  Context& context = thread.context;
  u64 return_address = 0;
  if (safe_copy(&return_address, reinterpret_cast<const void*>(context.gpr[kRsp]), 8) != 0)
    return false;
  const i64 result = sys::call(kNumbers[offset / 1024], context.gpr[x86::kRdi],
                               context.gpr[x86::kRsi], context.gpr[x86::kRdx]);
  if (result == -EFAULT) return false;  // there it is a fault
  context.gpr[x86::kRax] = static_cast<u64>(result);
  context.gpr[kRsp] += 8;
  context.pc = AppPc{return_address};
  begin_step(thread);  // the kernel, which does this natively, does not trap
  return true;
}

// Code that our list does not know: the kernel has the last word. False when it agrees with the
// list.
bool learn_code(const sys::Held& held, Core& core, AppPc pc) {
  CodeRange range;
  if (core.space.find_code(held, raw(pc)) != nullptr || !find_in_kernel_maps(raw(pc), range))
    return false;
  core.space.map(held, range.start, range.end - range.start,
                 PROT_EXEC | (range.writable ? PROT_WRITE : 0), range.backing);
  return true;
}

// To tiptoe_on_exit, without the lock, and from there to context.pc.
void resume_by_gate(ThreadState& thread) {
  thread.exit_index = 0;
  resume_in_cache(thread, CachePc{thread.enter_exit});
}

// Where the kernel says that nothing can be executed; or where code is that cannot be read.
void resume_to_fault(const sys::Held& held, Core& core, ThreadState& thread) {
  if (core.space.find_code(held, raw(thread.context.pc)) == nullptr) {
    if (core.executable_on_the_way != 0) {  // perhaps here, in a moment: look again
      sys::call(__NR_sched_yield);
      return resume_by_gate(thread);
    }
    core.fault_on_the_way.acquire();
    thread.fault_due = 1;
  }
  resume_natively(thread);
}

// Reads the instruction at `pc` as the processor would fetch it, without the lock, when that may
// wait for another thread.
void wait_for_code(const Core& core, AppPc pc) {
  if (!core.space.pages_may_wait()) return;
  u8 bytes[x86::kMaxInsnBytes];
  const auto* at = reinterpret_cast<const u8*>(raw(pc));
  const u64 on_page = kPageBytes - raw(pc) % kPageBytes;
  const u64 first = on_page < sizeof bytes ? on_page : sizeof bytes;
  if (safe_copy(bytes, at, first) != 0) return;
  x86::Insn insn;
  if (!x86::decode({bytes, first}, x86::Mode::k64, insn)) safe_copy(bytes, at + first, 1);
}

// Goes on at context.pc through an entry of its block; `exit`, when given, is linked to that entry.
Block* go(const sys::Held& held, Core& core, ThreadState& thread, Entry role, Exit* exit) {
  Block* block = translate(held, core, thread.context.pc, role);
  if (block == nullptr) {
    if (learn_code(held, core, thread.context.pc)) {
      return go(held, core, thread, role, exit);
    }
    if (emulate_vsyscall(thread)) {
      go(held, core, thread, Entry::kBody, nullptr);
    } else {
      resume_to_fault(held, core, thread);
    }
    return nullptr;
  }
  if (exit != nullptr) link_if_valid(held, core, *exit, *block);
  resume_in(held, core, thread, *block);
  return block;
}

void note_indirect_target(const sys::Held& held, Core& core, Exit& exit, Block& block) {
  if (exit.to == nullptr && exit.misses == 0) {
    link_if_valid(held, core, exit, block);
    exit.misses = 1;
  } else if (exit.to != &block && ++exit.misses > kMaxMisses) {
    exit.misses = kMaxMisses;
    unlink(held, exit);
  }
}

}  // namespace

void finish_syscall(ThreadState& thread, i64 result) {
  thread.context = behind_syscall(thread.context, result, thread.legacy_call != 0);
  thread.syscall_recorded = 0;
  if (const auto after = thread.after_syscall) {
    thread.after_syscall = nullptr;
    after(*thread.core, thread);
  }
  begin_step(thread);
  if (thread.core->check != nullptr) post_check(*thread.core, thread, CheckPost::kAfterSyscall);
}

void begin_step(ThreadState& thread) {
  thread.step_from = (thread.context.rflags & x86::kTf) != 0 ? raw(thread.context.pc) : 0;
}

void record_rseq_abort(ThreadState& thread) {
  if (!thread.recording) return;
  put_control(thread.core->events, thread, Control::kRseqAbort,
              {low32(raw(thread.context.pc)), high32(raw(thread.context.pc))});
}

void take_cursor(ThreadState& thread) {
  if (!thread.recording) return;
  thread.cursor = thread.context.gpr[kCursorRegister];
  thread.context.gpr[kCursorRegister] = thread.spill[static_cast<unsigned>(Spill::kStolen)];
}

void resume_in_cache(ThreadState& thread, CachePc pc) {
  thread.resume_at = raw(pc);
  thread.resume_cursor_register = thread.context.gpr[kCursorRegister];
  if (thread.recording) {
    thread.spill[static_cast<unsigned>(Spill::kStolen)] = thread.context.gpr[kCursorRegister];
    thread.resume_cursor_register = thread.cursor;
  }
}

void resume_natively(ThreadState& thread) {
  sys::log(1, "natively at", raw(thread.context.pc));
  release_cache(thread);
  thread.resume_at = raw(thread.context.pc);
  thread.resume_cursor_register = thread.context.gpr[kCursorRegister];
}

void resume_at_pc(const sys::Held& held, Core& core, ThreadState& thread) {
  if (core.space.pages_may_wait()) return resume_by_gate(thread);  // to wait without the lock
  if (in_compatibility_code(thread)) return resume_in_compatibility_code(thread);
  go(held, core, thread, Entry::kBody, nullptr);
}

void resume_at_pc(Core& core, ThreadState& thread) {
  if (in_compatibility_code(thread)) return resume_in_compatibility_code(thread);
  wait_for_code(core, thread.context.pc);
  const sys::Held held(core.lock);
  go(held, core, thread, Entry::kBody, nullptr);
}

extern "C" {

// A direct exit that is not linked.
void tiptoe_on_exit(ThreadState& thread) {
  take_cursor(thread);
  Core& core = *thread.core;
  if (thread.exit_index == 0) return resume_at_pc(core, thread);
  Exit& exit = core.exit(thread.exit_index);
  if (exit.role == Entry::kCall) thread.context.gpr[kRsp] += 8;  // the real call's cache address
  thread.context.pc = exit.target;
  if (!is_address(exit.target)) return fault_in_branch(core, thread, &exit);
  wait_for_code(core, exit.target);
  const sys::Held held(core.lock);
  Block& from = *exit.owner;
  if (from.checked && &exit == &stale_exit(from)) {
    sys::log(1, "code changed at", raw(exit.target));
    invalidate_block(held, core, from);
    go(held, core, thread, Entry::kBody, nullptr);
    return;
  }
  if (from.counted && &exit == &trusted_exit(from)) {
    trust_block(held, core, from);
    go(held, core, thread, Entry::kBody, nullptr);
    return;
  }
  go(held, core, thread, exit.role, &exit);
}

// From the stub of a restartable sequence that the kernel has aborted.
void tiptoe_on_rseq_abort(ThreadState& thread) {
  take_cursor(thread);
  Core& core = *thread.core;
  restore_aborted(thread, core.rseq.abort_of(thread.exit_index), thread.context);
  record_rseq_abort(thread);
  resume_at_pc(core, thread);
}

// An indirect branch whose target, in rcx, the table does not have, or whose inline cache was
// wrong.
void tiptoe_on_indirect(ThreadState& thread) {
  take_cursor(thread);
  Core& core = *thread.core;
  thread.context.pc = AppPc{rcx_of(thread)};
  rcx_of(thread) = parked_rcx(thread);
  if (!is_address(thread.context.pc)) {
    const bool by_return = thread.exit_index == 0;
    return fault_in_branch(core, thread,
                           by_return ? last_return(core, thread) : &core.exit(thread.exit_index));
  }
  wait_for_code(core, thread.context.pc);
  const sys::Held held(core.lock);
  Block* block = go(held, core, thread, Entry::kIndirect, nullptr);
  if (block != nullptr && thread.exit_index != 0) {
    note_indirect_target(held, core, core.exit(thread.exit_index), *block);
  }
}

// A return has come to the landing behind its call, and the landing is not linked, or there is no
// landing. The program's return address is on top of the stack.
static AppPc pop_return_address(ThreadState& thread) {
  take_cursor(thread);
  rcx_of(thread) = parked_rcx(thread);
  u64 target = 0;
  safe_copy(&target, reinterpret_cast<const void*>(thread.context.gpr[kRsp]), sizeof target);
  thread.context.gpr[kRsp] += 8;
  return AppPc{target};
}

void tiptoe_on_return(ThreadState& thread) {
  Core& core = *thread.core;
  thread.context.pc = pop_return_address(thread);
  if (!is_address(thread.context.pc)) {
    return fault_in_branch(core, thread, last_return(core, thread));
  }
  wait_for_code(core, thread.context.pc);
  Exit& landing = core.exit(thread.exit_index);
  const sys::Held held(core.lock);
  if (landing.target == thread.context.pc) {
    go(held, core, thread, Entry::kReturn, &landing);
  } else {  // the return address was edited
    go(held, core, thread, Entry::kBody, nullptr);
  }
}

void tiptoe_on_return_miss(ThreadState& thread) {
  Core& core = *thread.core;
  thread.context.pc = pop_return_address(thread);
  if (!is_address(thread.context.pc)) {
    return fault_in_branch(core, thread, last_return(core, thread));
  }
  wait_for_code(core, thread.context.pc);
  const sys::Held held(core.lock);
  if (Block* block = go(held, core, thread, Entry::kReturn, nullptr)) {
    core.returns.set(block->start, block->entries[static_cast<unsigned>(Entry::kReturn)]);
  }
}

}  // extern "C"

}  // namespace tiptoe::engine
