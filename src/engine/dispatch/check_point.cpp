#include "engine/dispatch/check_point.h"

#include <asm/errno.h>
#include <linux/futex.h>
#include <linux/time_types.h>

#include "engine/dispatch/dispatch.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

// How long to sleep before looking whether the checker is still there.
constexpr i64 kWaitNanoseconds = 100'000'000;
constexpr u64 kHwcap2FsGsBase = 2;

// Forked children and further threads are not checked; they see the same memory.
bool is_checked(const CheckMailbox& box) {
  return __atomic_load_n(&box.active, __ATOMIC_ACQUIRE) != 0 && sys::call(__NR_gettid) == box.tid;
}

void fill_state(const Core& core, const ThreadState& thread, CheckMailbox& box) {
  for (unsigned i = 0; i < 16; ++i) box.gpr[i] = thread.context.gpr[i];
  box.rflags = thread.context.rflags;
  box.pc = raw(thread.context.pc);
  box.gs_base = thread.app_gs_base;
  box.fs_base = 0;
  if ((core.hwcap2 & kHwcap2FsGsBase) != 0) asm volatile("rdfsbase %0" : "=r"(box.fs_base));
}

void fill_block(const Core& core, const Block& block, CheckMailbox& box) {
  box.block_pc = raw(block.start);
  box.block_bytes = block.app_bytes;
  box.block_instructions = block.instruction_count;
  const Piece* hot = core.cache.find(raw(block.after_check_point));
  box.hot_start = hot == nullptr ? 0 : raw(hot->start);
  box.hot_bytes = hot == nullptr ? 0 : hot->bytes;
  const Piece* cold = core.cache.find(raw(block.exits[0].stub));
  const bool has_cold = cold != nullptr && cold->block == &block;
  box.cold_start = has_cold ? raw(cold->start) : 0;
  box.cold_bytes = has_cold ? cold->bytes : 0;
}

void hand_over(CheckMailbox& box, CheckPost kind) {
  box.kind = kind;
  __atomic_store_n(&box.state, u32{kCheckPosted}, __ATOMIC_RELEASE);
  sys::call(__NR_futex, &box.state, FUTEX_WAKE, 1);
  const __kernel_timespec timeout{0, kWaitNanoseconds};
  while (__atomic_load_n(&box.state, __ATOMIC_ACQUIRE) == u32{kCheckPosted} &&
         __atomic_load_n(&box.active, __ATOMIC_ACQUIRE) != 0) {
    const i64 result = sys::call(__NR_futex, &box.state, FUTEX_WAIT, u32{kCheckPosted}, &timeout);
    // A checker that was killed: the program goes on by itself.
    if (result == -ETIMEDOUT && sys::call(__NR_kill, box.checker_pid, 0) == -ESRCH) box.active = 0;
  }
}

}  // namespace

void begin_check(Core& core) {
  const u64 page = reinterpret_cast<u64>(core.events.control());
  core.check = reinterpret_cast<CheckMailbox*>(page + kCheckMailboxOffset);
  core.check->tid = static_cast<i32>(sys::call(__NR_gettid));
}

void post_check(Core& core, const ThreadState& thread, CheckPost kind) {
  CheckMailbox& box = *core.check;
  if (!is_checked(box)) return;
  fill_state(core, thread, box);
  hand_over(box, kind);
}

void post_interruption(Core& core, const ThreadState& thread, int signal, bool is_fault) {
  CheckMailbox& box = *core.check;
  if (!is_checked(box)) return;
  fill_state(core, thread, box);
  box.signal = static_cast<u32>(signal);
  box.is_fault = is_fault;
  hand_over(box, CheckPost::kInterrupted);
}

// From the check point of a block.
extern "C" void tiptoe_on_check_point(ThreadState& thread) {
  take_cursor(thread);
  Core& core = *thread.core;
  const Block& block = *core.exit(thread.exit_index).owner;
  thread.context.pc = block.start;
  if (is_checked(*core.check)) {
    fill_state(core, thread, *core.check);
    fill_block(core, block, *core.check);
    hand_over(*core.check, CheckPost::kBlock);
  }
  resume_in_cache(thread, block.after_check_point);
}

}  // namespace tiptoe::engine
