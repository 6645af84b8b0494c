#include "engine/emulate/emulate.h"

#include "engine/context/safe_copy.h"
#include "engine/dispatch/compatibility_code.h"
#include "engine/emulate/int80.h"
#include "engine/signal/met_fault.h"
#include "engine/signal/step.h"
#include "sys/fail.h"

namespace tiptoe::engine {
namespace {

using x86::Flow;
using x86::Special;

Emulated emulate(const Emulation& e) {
  switch (e.insn.flow) {
    case Flow::kFarJmp:
    case Flow::kFarCall:
    case Flow::kFarRet:
    case Flow::kIret:
      return emulate_far(e);
    case Flow::kSysenter:  // returns to an address of the 32-bit vdso, which is not there
      return Emulated::kFaults;
    default:
      break;
  }
  switch (e.insn.special) {
    case Special::kMovToSeg:
    case Special::kPopSeg:
    case Special::kLoadFarPtr:
      return emulate_gs_load(e);
    case Special::kX87Env:
    case Special::kXsave:
      return emulate_x87_store(e);
    default:
      return Emulated::kRefused;
  }
}

bool has_gs_operand(const x86::Insn& insn) {
  return insn.segment_prefix == 0x65 && insn.modrm_offset != x86::kAbsent && insn.modrm >> 6 != 3;
}

// How far the block has come, for the trace; then the thread executes the instruction where it
// stands, and faults. Where its operand is in gs, it would be in the thread state: the fault that
// was met is delivered instead.
void send_to_fault(Core& core, ThreadState& thread, const Exit& exit, bool has_gs_operand) {
  if (thread.recording && exit.instruction != 0) {
    put_control(core.events, thread, Control::kPartial,
                {exit.owner->first_flow_id, exit.instruction});
  }
  if (has_gs_operand && !hold_met_fault(thread)) return resume_at_pc(core, thread);
  resume_natively(thread);
}

}  // namespace

extern "C" int tiptoe_on_emulate(ThreadState& thread) {
  take_cursor(thread);
  Core& core = *thread.core;
  if (in_compatibility_code(thread)) return static_cast<int>(on_int80(core, thread, nullptr));
  const Exit& exit = core.exit(thread.exit_index);
  const AppPc pc = exit.owner->start + exit.app_offset;
  thread.context.pc = pc;
  const bool stepping = (thread.context.rflags & x86::kTf) != 0;
  u8 bytes[x86::kMaxInsnBytes];
  const u64 missing = safe_copy(bytes, reinterpret_cast<const void*>(raw(pc)), sizeof bytes);
  x86::Insn insn;
  Emulated result = Emulated::kRefused;
  if (x86::decode({bytes, sizeof bytes - missing}, x86::Mode::k64, insn)) {
    if (insn.flow == Flow::kInt) return static_cast<int>(on_int80(core, thread, &exit));
    if (stepping && !hold_step(thread)) {
      resume_at_pc(core, thread);
      return static_cast<int>(SyscallAction::kDone);
    }
    result = emulate({core, thread, insn});
    if (stepping) result == Emulated::kDone ? finish_step(thread) : forget_step(thread);
  }
  switch (result) {
    case Emulated::kDone:
      if (thread.recording) put_exit(core.events, thread, exit.flow_id);
      resume_at_pc(core, thread);
      break;
    case Emulated::kFaults:
      send_to_fault(core, thread, exit, has_gs_operand(insn));
      break;
    case Emulated::kRefused:
      sys::fail("this instruction cannot be followed (address, first bytes)", raw(pc),
                *reinterpret_cast<const u64*>(bytes));
  }
  return static_cast<int>(SyscallAction::kDone);
}

}  // namespace tiptoe::engine
