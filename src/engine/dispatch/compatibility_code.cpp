#include "engine/dispatch/compatibility_code.h"

#include "base/memory.h"
#include "engine/context/safe_copy.h"
#include "engine/dispatch/dispatch.h"
#include "sys/fail.h"

namespace tiptoe::engine {
namespace {

using x86::Flow;
using x86::Map;
using x86::Special;

constexpr u8 kGsPrefix = 0x65;
constexpr unsigned kSs = 2, kGs = 5;

// A segment register that the instruction loads.
bool loads_segment(const x86::Insn& insn, unsigned segment) {
  switch (insn.special) {
    case Special::kMovToSeg:
      return (insn.modrm >> 3 & 7) == segment;
    case Special::kPopSeg:
      return segment == kGs ? insn.map == Map::k0f && insn.opcode == 0xa9
                            : insn.map == Map::kPrimary && insn.opcode == 0x17;
    case Special::kLoadFarPtr:
      return insn.map == Map::k0f && insn.opcode == (segment == kGs ? 0xb5 : 0xb2);
    default:
      return false;
  }
}

// What would touch the runtime's gs, or enter the kernel on a way that is not followed.
bool is_refused(const x86::Insn& insn) {
  const bool accesses_gs =
      insn.segment_prefix == kGsPrefix && (insn.reads_memory || insn.writes_memory);
  return accesses_gs || loads_segment(insn, kGs) || insn.flow == Flow::kSyscall ||
         insn.flow == Flow::kSysenter;
}

bool is_call(const x86::Insn& insn) {
  return insn.flow == Flow::kInt && static_cast<u8>(insn.imm) == 0x80;
}

void refuse(u64 pc, const u8* bytes) {
  u64 first;
  memcpy(&first, bytes, sizeof first);
  sys::fail("this instruction of 32-bit code cannot be followed (address, first bytes)", pc, first);
}

}  // namespace

void enter_compatibility_code(ThreadState& thread, u16 ss) {
  thread.compatibility.cs = kCompatibilityCode;
  thread.compatibility.ss = ss;
  thread.compatibility.app_tf = (thread.context.rflags & x86::kTf) != 0;
}

bool may_step(ThreadState& thread, u64 pc) {
  CompatibilityCode& code = thread.compatibility;
  code.pc = pc;
  code.lengths[0] = code.lengths[1] = 0;
  code.pushes_flags = code.loads_flags = code.repeats = false;
  u64 at = 0;
  const u64 readable = sizeof code.bytes -
                       safe_copy(code.bytes, reinterpret_cast<const void*>(pc), sizeof code.bytes);
  // Behind a load of ss the processor does not trap: the next instruction belongs to the step.
  for (u8& length : code.lengths) {
    x86::Insn insn;
    if (!x86::decode({code.bytes + at, readable - at}, x86::Mode::k32, insn) || !insn.valid) {
      break;  // it faults
    }
    const bool is_second = at != 0;
    const bool uses_flags = insn.special == Special::kPushf || insn.special == Special::kPopf ||
                            insn.flow == Flow::kIret;
    if (is_refused(insn) || (is_second && (uses_flags || is_call(insn)))) {
      refuse(pc + at, code.bytes);
    }
    if (is_call(insn)) return false;
    code.pushes_flags = insn.special == Special::kPushf;
    code.loads_flags = uses_flags && !code.pushes_flags;
    code.repeats = insn.rep_string;
    length = insn.length;
    at += insn.length;
    if (!loads_segment(insn, kSs)) break;
  }
  return true;
}

void resume_in_compatibility_code(ThreadState& thread) {
  CompatibilityCode& code = thread.compatibility;
  Context& context = thread.context;
  const u64 pc = raw(context.pc) & 0xffffffff;
  context.pc = AppPc{pc};
  context.rflags &= ~u64{x86::kTf};  // not in the gate
  if (!may_step(thread, pc)) return resume_in_cache(thread, CachePc{thread.enter_emulate});
  const u64 frame[5] = {pc, code.cs, context.rflags | x86::kTf, context.gpr[x86::kRsp], code.ss};
  memcpy(thread.far_frame, frame, sizeof frame);
  resume_natively(thread);
  thread.resume_at = thread.enter_compatibility_code;
}

}  // namespace tiptoe::engine
