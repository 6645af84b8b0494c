// Far branches and iret.
//
// To the code segment that the program is in they are near branches with another way of finding the
// target. To 32-bit code they lead to dispatch/compatibility_code.h; any other selector faults, but
// for those of code segments that the program has made itself, where it cannot be followed.
#include "engine/dispatch/branch_fault.h"
#include "engine/emulate/operand.h"
#include "engine/emulate/selector.h"
#include "engine/signal/met_fault.h"
#include "sys/fail.h"

namespace tiptoe::engine {
namespace {

using x86::kRsp;

// A slot of the stack or of a far pointer: 2, 4 or 8 bytes.
bool read_word(u64 address, unsigned bytes, u64& value) {
  value = 0;
  return read_app(address, &value, bytes);
}

enum class Way { kNear, kTo32Bit, kFaults, kRefused };

bool is_possible(Way way) {
  return way == Way::kNear || way == Way::kTo32Bit;
}

// `returns`: retf and iret, whose selector must have our privilege level.
Way way_to(const Emulation& e, u16 selector, u64 target, bool returns) {
  const Selector found = look_at(selector);
  if (!found.usable || !found.code || (returns && (selector & 3) != 3)) return Way::kFaults;
  if (!found.long_mode) {
    if (target > 0xffffffff) return Way::kFaults;
    const bool known = (selector | 3) == kCompatibilityCode && e.core.check == nullptr;
    return known ? Way::kTo32Bit : Way::kRefused;
  }
  return is_address(AppPc{target}) ? Way::kNear : Way::kFaults;
}

u16 stack_segment() {
  u16 selector;
  asm("mov %%ss, %0" : "=r"(selector));
  return selector;
}

Emulated go(const Emulation& e, Way way, u64 target) {
  if (way == Way::kFaults) return Emulated::kFaults;
  if (way == Way::kRefused) return Emulated::kRefused;
  if (way == Way::kTo32Bit) enter_compatibility_code(e.thread, stack_segment());
  e.context().pc = AppPc{target};
  return Emulated::kDone;
}

// The far pointer in memory: offset, then selector.
Emulated jump_or_call(const Emulation& e) {
  const unsigned bytes = e.operand_bytes();
  const u64 at = operand_address(e);
  u64 target, selector;
  if (!read_word(at, bytes, target) || !read_word(at + bytes, 2, selector)) {
    return Emulated::kFaults;
  }
  const Way way = way_to(e, static_cast<u16>(selector), target, false);
  if (way == Way::kFaults) {
    meet_refused_selector(e.thread,
                          is_address(AppPc{target}) ? static_cast<u16>(selector) : u16{0});
  }
  if (!is_possible(way) || e.insn.flow == x86::Flow::kFarJmp) return go(e, way, target);
  u64 slots[2] = {raw(e.next_pc()), kUserCode};
  u8 frame[16];
  for (unsigned i = 0; i < 2; ++i) __builtin_memcpy(frame + i * bytes, &slots[i], bytes);
  u64& rsp = e.context().gpr[kRsp];
  if (!write_app(rsp - 2 * bytes, frame, 2 * bytes)) return Emulated::kFaults;
  rsp -= 2 * bytes;
  return go(e, way, target);
}

Emulated far_return(const Emulation& e) {
  const unsigned bytes = e.operand_bytes();
  u64& rsp = e.context().gpr[kRsp];
  u64 target, selector;
  if (!read_word(rsp, bytes, target) || !read_word(rsp + bytes, bytes, selector)) {
    return Emulated::kFaults;
  }
  const Way way = way_to(e, static_cast<u16>(selector), target, true);
  if (is_possible(way)) rsp += 2 * bytes + static_cast<u16>(e.insn.imm);
  return go(e, way, target);
}

// rip, cs, flags, rsp, ss: always all five in 64-bit mode.
Emulated interrupt_return(const Emulation& e) {
  constexpr u64 kLoaded = x86::kStatusFlags | x86::kTf | x86::kDf | x86::kNt | x86::kAc | x86::kId;
  const unsigned bytes = e.operand_bytes();
  Context& context = e.context();
  u64 frame[5];
  for (unsigned i = 0; i < 5; ++i) {
    if (!read_word(context.gpr[kRsp] + i * bytes, bytes, frame[i])) return Emulated::kFaults;
  }
  const Way way = way_to(e, static_cast<u16>(frame[1]), frame[0], true);
  if ((context.rflags & x86::kNt) != 0 || !is_stack_segment(static_cast<u16>(frame[4]))) {
    return Emulated::kFaults;
  }
  if (!is_possible(way)) return go(e, way, frame[0]);
  if (static_cast<u16>(frame[4]) != kUserData) return Emulated::kRefused;
  const bool stepping = (context.rflags & x86::kTf) != 0;
  const u64 loaded = bytes == 2 ? kLoaded & 0xffff : kLoaded;
  context.rflags = (context.rflags & ~loaded) | (frame[2] & loaded);
  context.gpr[kRsp] = frame[3];
  const Emulated done = go(e, way, frame[0]);
  if (!stepping) begin_step(e.thread);
  return done;
}

}  // namespace

Emulated emulate_far(const Emulation& e) {
  switch (e.insn.flow) {
    case x86::Flow::kFarRet:
      return far_return(e);
    case x86::Flow::kIret:  // of the primary map; uiret faults, where there are no user interrupts
      return e.insn.map == x86::Map::kPrimary ? interrupt_return(e) : Emulated::kFaults;
    default:
      return jump_or_call(e);
  }
}

}  // namespace tiptoe::engine
