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
using x86::kRdx;
using x86::kRsp;

// The registers that a lookup has borrowed.
void unpark_lookup(ThreadState& thread) {
  thread.context.gpr[kRcx] = thread.spill[static_cast<unsigned>(Spill::kBranch)];
  thread.context.gpr[kRdx] = thread.spill[static_cast<unsigned>(Spill::kBranch2)];
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

void note_collision(Core& core, Entry role) {
  const sys::Held held(core.lock);
  LookupTable& table = role == Entry::kDrop ? core.returns : core.indirects;
  if (table.note_collision()) salt_tables(held, core);
}

void arrive(Core& core, ThreadState& thread, const Exit& exit, Entry role) {
  if (!is_address(thread.context.pc)) return fault_in_branch(core, thread, exit);
  wait_for_code(core, thread.context.pc);
  const sys::Held held(core.lock);
  const Block* block = go(held, core, thread, role, nullptr);
  if (block == nullptr || raw(block->entries[static_cast<unsigned>(role)]) == 0) return;
  LookupTable& table = role == Entry::kDrop ? core.returns : core.indirects;
  table.set(block->start, block->entries[static_cast<unsigned>(role)]);
}

extern "C" {

// A direct exit that is not linked.
void tiptoe_on_exit(ThreadState& thread) {
  take_cursor(thread);
  Core& core = *thread.core;
  if (thread.exit_index == 0) return resume_at_pc(core, thread);
  Exit& exit = core.exit(thread.exit_index);
  if (exit.role == Entry::kDrop) thread.context.gpr[kRsp] += 8;
  thread.context.pc = exit.target;
  if (!is_address(exit.target)) return fault_in_branch(core, thread, exit);
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

// An indirect jump or call whose target the table does not have.
void tiptoe_on_indirect(ThreadState& thread) {
  take_cursor(thread);
  unpark_lookup(thread);
  thread.context.pc = AppPc{thread.target};
  Core& core = *thread.core;
  arrive(core, thread, core.exit(thread.exit_index), Entry::kIndirect);
}

// A return to an address that the table does not have; nothing of it has happened.
void tiptoe_on_return_miss(ThreadState& thread) {
  take_cursor(thread);
  unpark_lookup(thread);
  u64& rsp = thread.context.gpr[kRsp];
  u64 target = 0;
  safe_copy(&target, reinterpret_cast<const void*>(rsp), sizeof target);
  rsp += 8;
  thread.context.pc = AppPc{target};
  Core& core = *thread.core;
  const Exit& exit = core.exit(thread.exit_index);
  if (thread.recording) put_exit(core.events, thread, exit.flow_id);
  arrive(core, thread, exit, Entry::kDrop);
}

}  // extern "C"

}  // namespace tiptoe::engine
