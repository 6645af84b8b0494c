#include "engine/dispatch/branch_fault.h"

#include <linux/mman.h>

#include "engine/context/safe_copy.h"
#include "engine/dispatch/dispatch.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

constexpr unsigned kFourLevelBits = 48, kFiveLevelBits = 57;

bool is_canonical(u64 address, unsigned bits) {
  const unsigned above = 64 - bits;
  return static_cast<u64>(static_cast<i64>(address << above) >> above) == address;
}

// Only the kernel knows: it maps beyond 47 bits when it is asked to and can.
bool has_five_levels() {
  enum : u32 { kUnknown, kFour, kFive };
  static u32 found = kUnknown;
  if (const u32 known = __atomic_load_n(&found, __ATOMIC_RELAXED); known != kUnknown) {
    return known == kFive;
  }
  constexpr u64 kBeyond = u64{1} << 52;
  const i64 got = sys::call(__NR_mmap, kBeyond, kPageBytes, PROT_NONE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (!sys::is_error(got)) sys::call(__NR_munmap, got, kPageBytes);
  const bool five = !is_canonical(static_cast<u64>(got), kFourLevelBits);
  __atomic_store_n(&found, five ? u32{kFive} : u32{kFour}, __ATOMIC_RELAXED);
  return five;
}

// What the branch has done to the stack pointer, undone. (Branches that count reach no such
// address.) False when its code is gone.
bool undo(Context& context, const Exit& exit) {
  u64& rsp = context.gpr[x86::kRsp];
  if (exit.kind == ExitKind::kCall || exit.kind == ExitKind::kCallIndirect) rsp += 8;
  if (exit.kind != ExitKind::kRet) return true;
  u8 bytes[x86::kMaxInsnBytes];
  const u64 missing =
      safe_copy(bytes, reinterpret_cast<const void*>(raw(context.pc)), sizeof bytes);
  x86::Insn insn;
  if (!x86::decode({bytes, sizeof bytes - missing}, x86::Mode::k64, insn) ||
      insn.flow != x86::Flow::kRet) {
    return false;
  }
  rsp -= 8u + static_cast<u16>(insn.imm);
  return true;
}

void take_back_flow_word(Core& core, ThreadState& thread, const Exit& exit) {
  if (!thread.recording || thread.window == 0) return;
  u32* const last = reinterpret_cast<u32*>(thread.cursor) - 1;
  if (thread.cursor > thread.window && *last == exit.flow_id) {
    *last = 0;
    thread.cursor -= sizeof *last;
  }
  if (exit.instruction == 0) return;
  put_control(core.events, thread, Control::kPartial,
              {exit.owner->first_flow_id, exit.instruction});
}

}  // namespace

bool is_address(AppPc pc) {
  if (is_canonical(raw(pc), kFourLevelBits)) return true;
  return is_canonical(raw(pc), kFiveLevelBits) && has_five_levels();
}

void fault_in_branch(Core& core, ThreadState& thread, const Exit& exit) {
  const AppPc target = thread.context.pc;
  Context before = thread.context;
  before.pc = exit.owner->start + exit.app_offset;
  if (!undo(before, exit)) return resume_at_pc(core, thread);
  thread.context = before;
  take_back_flow_word(core, thread, exit);
  resume_natively(thread);
  thread.resume_at = raw(target);  // the jump there faults as the branch would
}

}  // namespace tiptoe::engine
