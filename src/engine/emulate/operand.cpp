#include "engine/emulate/operand.h"

#include <asm/prctl.h>

#include "engine/thread/threads.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

constexpr u8 kFsPrefix = 0x64, kGsPrefix = 0x65;

u64 indexed(const Context& context, const x86::Insn& insn) {
  u64 address = 0;
  const bool has_sib = insn.sib_offset != x86::kAbsent;
  if ((insn.gpr_fields & x86::kFieldBase) != 0) {
    const u8 low = has_sib ? insn.sib & 7 : insn.modrm & 7;
    address += context.gpr[low | (insn.rex & 1) << 3];
  }
  if ((insn.gpr_fields & x86::kFieldIndex) != 0) {
    address += context.gpr[(insn.sib >> 3 & 7) | (insn.rex & 2) << 2] << (insn.sib >> 6);
  }
  return address;
}

}  // namespace

u64 fs_base(const Core& core) {
  u64 base = 0;
  if (has_fsgsbase(core)) {
    asm volatile("rdfsbase %0" : "=r"(base));
  } else {
    sys::call(__NR_arch_prctl, ARCH_GET_FS, &base);
  }
  return base;
}

u64 operand_address(const Emulation& e) {
  const x86::Insn& insn = e.insn;
  u64 address = indexed(e.context(), insn) + static_cast<u64>(insn.disp);
  if (insn.rip_relative) address += raw(e.next_pc());
  if (insn.address_size_prefix) address = static_cast<u32>(address);
  if (insn.segment_prefix == kGsPrefix) address += e.thread.app_gs_base;
  if (insn.segment_prefix == kFsPrefix) address += fs_base(e.core);
  return address;
}

void set_gpr(Context& context, unsigned number, u64 value, unsigned bytes) {
  u64& gpr = context.gpr[number];
  switch (bytes) {
    case 8:
      gpr = value;
      break;
    case 4:
      gpr = static_cast<u32>(value);
      break;
    default:
      gpr = (gpr & ~u64{0xffff}) | static_cast<u16>(value);
      break;
  }
}

}  // namespace tiptoe::engine
