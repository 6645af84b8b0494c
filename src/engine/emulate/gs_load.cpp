// Loading a selector into gs: mov gs, pop gs, lgs.
#include "engine/emulate/operand.h"
#include "engine/emulate/selector.h"
#include "engine/signal/met_fault.h"
#include "engine/thread/threads.h"

namespace tiptoe::engine {
Emulated emulate_gs_load(const Emulation& e) {
  const x86::Insn& insn = e.insn;
  Context& context = e.context();
  const bool in_memory = insn.modrm_offset != x86::kAbsent && insn.modrm < 0xc0;
  const unsigned bytes = e.operand_bytes();
  u16 selector = 0;
  u64 offset = 0;
  if (!has_fsgsbase(e.core)) return Emulated::kRefused;
  if (insn.special == x86::Special::kPopSeg) {
    if (!read_app(context.gpr[x86::kRsp], &selector, 2)) return Emulated::kFaults;
  } else if (insn.special == x86::Special::kLoadFarPtr) {
    const u64 at = operand_address(e);
    if (!read_app(at, &offset, bytes) || !read_app(at + bytes, &selector, 2)) {
      return Emulated::kFaults;
    }
  } else if (in_memory) {
    if (!read_app(operand_address(e), &selector, 2)) return Emulated::kFaults;
  } else {
    selector = static_cast<u16>(context.gpr[(insn.modrm & 7) | (insn.rex & 1) << 3]);
  }
  if (!is_loadable(selector)) {
    meet_refused_selector(e.thread, selector);
    return Emulated::kFaults;
  }

  load_gs_selector(e.thread, selector);
  if (insn.special == x86::Special::kPopSeg) {
    context.gpr[x86::kRsp] += x86::has_16_bit_operands(insn) ? 2 : 8;
  } else if (insn.special == x86::Special::kLoadFarPtr) {
    set_gpr(context, (insn.modrm >> 3 & 7) | (insn.rex & 4) << 1, offset, bytes);
  }
  context.pc = e.next_pc();
  return Emulated::kDone;
}

}  // namespace tiptoe::engine
