// fnstenv, fnsave, fxsave, xsave and their kin store where the last x87 instruction stood: in the
// cache. The instruction is executed on the program's operand, then the address is replaced in
// memory. No x87 or vector register is touched by the runtime, so what is stored is the program's.
#include "engine/emulate/operand.h"
#include "engine/signal/x87_pc.h"

extern "C" {
// In gate.S: executes the store number `kind` on `address`, with eax and edx as given. Returns 0,
// or 1 when it faulted.
int tiptoe_x87_store(int kind, void* address, tiptoe::u64 eax, tiptoe::u64 edx);
}

namespace tiptoe::engine {
namespace {

// As gate.S numbers them. Bit 0: with REX.W, or for fnstenv and fnsave: with an operand size
// prefix.
enum Kind { kFnstenv = 0, kFnsave = 2, kFxsave = 4, kXsave = 6, kXsaveopt = 8, kXsavec = 10 };

Kind kind_of(const x86::Insn& insn) {
  const unsigned extension = insn.modrm >> 3 & 7;
  if (insn.special == x86::Special::kX87Env) return insn.opcode == 0xd9 ? kFnstenv : kFnsave;
  if (insn.opcode == 0xc7) return kXsavec;
  return extension == 0 ? kFxsave : extension == 4 ? kXsave : kXsaveopt;
}

// Where in the operand the address stands, and how much of it.
struct Field {
  u64 offset;
  unsigned bytes;
};
Field pc_field(Kind kind, bool variant) {
  if (kind >= kFxsave) return {8, variant ? 8u : 4u};
  return variant ? Field{6, 2} : Field{12, 4};
}

}  // namespace

Emulated emulate_x87_store(const Emulation& e) {
  const Kind kind = kind_of(e.insn);
  const bool variant = kind >= kFxsave ? e.insn.rex_w : x86::has_16_bit_operands(e.insn);
  const u64 at = operand_address(e);
  const u64 machine_pc = x87_pc();
  if (tiptoe_x87_store(kind | variant, reinterpret_cast<void*>(at), e.context().gpr[x86::kRax],
                       e.context().gpr[x86::kRdx]) != 0) {
    return Emulated::kFaults;
  }
  const u64 app_pc = app_x87_pc(e.core, machine_pc);
  const Field field = pc_field(kind, variant);
  u64 stored = 0;
  if (app_pc != machine_pc && read_app(at + field.offset, &stored, field.bytes) &&
      __builtin_memcmp(&stored, &machine_pc, field.bytes) == 0) {
    write_app(at + field.offset, &app_pc, field.bytes);
  }
  e.context().pc = e.next_pc();
  return Emulated::kDone;
}

}  // namespace tiptoe::engine
