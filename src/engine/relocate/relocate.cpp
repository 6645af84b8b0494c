#include "engine/relocate/relocate.h"

#include "engine/context/cursor_register.h"
#include "sys/fail.h"

namespace tiptoe::engine {
namespace {

using x86::Gpr;
using x86::GprSet;
using x86::Insn;
using x86::Rewrite;
using x86::set_of;
using x86::Special;

constexpr u8 kGsPrefix = 0x65;
constexpr GprSet kCursorSet = set_of(kCursorRegister);

// --- What the rules look at ---

AppPc rip_target(const AppInsn& app) {
  return app.pc + app.insn.length + app.insn.disp;
}
bool names_cursor(const Insn& insn) {
  return (x86::encoded_registers(insn) & kCursorSet) != 0;
}
bool uses_gs_memory(const Insn& insn) {
  return insn.segment_prefix == kGsPrefix && insn.modrm_offset != x86::kAbsent &&
         insn.modrm >> 6 != 3 && (insn.reads_memory || insn.writes_memory || !insn.known);
}
bool is_lea(const Insn& insn) {
  return insn.map == x86::Map::kPrimary && insn.opcode == 0x8d &&
         insn.encoding == x86::Encoding::kLegacy;
}
// --- Instructions that a gs prefix concerns although they have no ModRM memory operand ---

bool is_gs_primary(const Insn& insn) {
  return insn.segment_prefix == kGsPrefix && insn.map == x86::Map::kPrimary &&
         insn.encoding == x86::Encoding::kLegacy;
}
bool is_gs_moffs(const Insn& insn) {  // mov between al/eax/rax and an absolute address
  return is_gs_primary(insn) && (insn.opcode & 0xfc) == 0xa0;
}
bool is_gs_string(const Insn& insn) {  // outs, movs, cmps, lods: the segment of rsi
  if (!is_gs_primary(insn)) return false;
  const u8 even = insn.opcode & 0xfe;
  return even == 0x6e || even == 0xa4 || even == 0xa6 || even == 0xac;
}
bool is_gs_xlat(const Insn& insn) {
  return is_gs_primary(insn) && insn.opcode == 0xd7;
}
bool is_gs_mask_move(const Insn& insn) {  // maskmovq and maskmovdqu: rdi is the address
  return insn.segment_prefix == kGsPrefix && insn.map == x86::Map::k0f && insn.opcode == 0xf7 &&
         insn.writes_memory;
}
// Addresses that only the instruction itself can compute: the displacement of EVEX is scaled by
// what the instruction accesses, and a vector index gives many.
bool has_own_address(const Insn& insn) {
  return insn.vsib || (insn.encoding == x86::Encoding::kEvex && insn.disp_size == 1);
}
bool is_pop_m(const Insn& insn) {
  return insn.map == x86::Map::kPrimary && insn.encoding == x86::Encoding::kLegacy &&
         insn.opcode == 0x8f;
}
// Its register operand is an address too, of the same address size.
bool is_movdir64b(const Insn& insn) {
  return insn.map == x86::Map::k0f38 && insn.encoding == x86::Encoding::kLegacy &&
         insn.opcode == 0xf8;
}
bool is_bit_string(const Insn& insn) {  // bt, bts, btr, btc: a register is added to the address
  return insn.map == x86::Map::k0f && insn.encoding == x86::Encoding::kLegacy &&
         (insn.opcode & 0xe7) == 0xa3;
}
// An address through gs that only the instruction itself can compute, and that is cut off at 32
// bits before the base is added: it needs a segment.
bool needs_segment(const Insn& insn) {
  if (!insn.address_size_prefix) return false;
  if (is_gs_string(insn)) return true;
  return uses_gs_memory(insn) &&
         (has_own_address(insn) || is_movdir64b(insn) || is_bit_string(insn));
}
bool is_push_r(const Insn& insn) {
  return insn.map == x86::Map::kPrimary && insn.encoding == x86::Encoding::kLegacy &&
         (insn.opcode & 0xf8) == 0x50 && !x86::has_16_bit_operands(insn);
}
bool is_pop_r(const Insn& insn) {
  return insn.map == x86::Map::kPrimary && insn.encoding == x86::Encoding::kLegacy &&
         (insn.opcode & 0xf8) == 0x58 && !x86::has_16_bit_operands(insn);
}

GprSet registers_in_use(const Insn& insn) {
  constexpr GprSet kLikelyImplicit = set_of(x86::kRax) | set_of(x86::kRcx) | set_of(x86::kRdx);
  return x86::encoded_registers(insn) |
         (insn.known ? insn.regs_read | insn.regs_written | insn.regs_implicit : kLikelyImplicit);
}

// Without those that only make up the address: once that is computed, they may be borrowed as well.
// cmpxchg16b leaves no other.
GprSet registers_beside_address(const Insn& insn) {
  if (!insn.known) return registers_in_use(insn);
  Insn operands = insn;
  operands.gpr_fields &= static_cast<u8>(~(x86::kFieldBase | x86::kFieldIndex));
  return x86::encoded_registers(operands) | insn.regs_written | insn.regs_implicit;
}

// --- Emitting with states ---

// The copy of one instruction in the making: which program registers are parked where, by now.
class Copy {
 public:
  Copy(const RelocateContext& context, const AppInsn& app, PieceWriter& out)
      : context_(context), app_(app), out_(out), emit(out.emit) {}

  // Notes the state of what is emitted next.
  void before(bool app_fault) { note(At::kBefore, app_fault); }
  void after() { note(At::kAfter, false); }

  void park(Gpr reg, u8 place) {
    unpark(reg);
    for (Parked& p : parked_) {
      if (p.reg == x86::kNoGpr) {
        p = {reg, place};
        return;
      }
    }
    sys::fail("relocate: too many parked registers", raw(app_.pc));
  }
  // From now on fs has the base of the program's gs, or its own again.
  void fs_is_gs(bool is) { fs_is_gs_ = is; }
  void unpark(Gpr reg) {
    for (Parked& p : parked_) {
      if (p.reg == reg) p = {};
    }
  }

  // Takes a register that the instruction does not use, saving the program's value in `slot`.
  Gpr borrow(Spill slot, GprSet& in_use) {
    bool all_avoided = true;
    for (const Gpr r : x86::kScratchRegisters) {
      all_avoided &= ((in_use | context_.avoided) & set_of(r)) != 0;
    }
    for (const Gpr r : x86::kScratchRegisters) {
      if ((in_use & set_of(r)) != 0) continue;
      if ((context_.avoided & set_of(r)) != 0 && !all_avoided) continue;
      in_use |= set_of(r);
      before(false);
      emit.mov_gs_r(spill_offset(slot), r);
      park(r, parked_in(r, slot).place);
      return r;
    }
    sys::fail("relocate: no scratch register", raw(app_.pc));
  }
  void give_back(Gpr r, Spill slot) {
    after();
    emit.mov_r_gs(r, spill_offset(slot));
    unpark(r);
  }

  void emit_rewritten(const Rewrite& rewrite) {
    u8 buffer[x86::kMaxReencodedBytes];
    before(true);
    emit.bytes(buffer, x86::reencode(app_.bytes, app_.insn, rewrite, buffer));
  }

 private:
  void note(At at, bool app_fault) {
    ParkedState state;
    state.at = at;
    state.app_fault = app_fault;
    state.fs_is_gs = fs_is_gs_;
    for (unsigned i = 0; i < 4; ++i) state.parked[i] = parked_[i];
    out_.mark(app_.app_offset + (at == At::kAfter ? app_.insn.length : 0u), app_.index,
              context_.states.intern(state));
  }

  const RelocateContext& context_;
  const AppInsn& app_;
  PieceWriter& out_;
  Parked parked_[4] = {};
  bool fs_is_gs_ = false;

 public:
  x86::Emitter& emit;
};

// --- The rules ---

bool displacement_reaches(AppPc target, CachePc insn_at, unsigned length) {
  return x86::fits_i32(static_cast<i64>(raw(target) - raw(insn_at) - length));
}

// [rip+d] to the same address from the copy: another displacement, or an absolute address in the
// low 2 GiB. False when the target is out of reach.
bool retarget(const AppInsn& app, CachePc insn_at, bool drop_segment, Rewrite& rewrite) {
  const AppPc target = rip_target(app);
  const unsigned length = app.insn.length - (drop_segment ? 1u : 0u);
  if (app.insn.address_size_prefix) return false;  // [eip+d]
  if (displacement_reaches(target, insn_at, length)) {
    rewrite.memory = Rewrite::Memory::kRipRelative;
    rewrite.displacement = static_cast<i32>(raw(target) - raw(insn_at) - length);
    return true;
  }
  // The absolute form is a byte longer.
  if (length < x86::kMaxInsnBytes && x86::fits_i32(static_cast<i64>(raw(target)))) {
    rewrite.memory = Rewrite::Memory::kAbsolute;
    rewrite.displacement = static_cast<i32>(raw(target));
    return true;
  }
  return false;
}

u64 effective_rip_target(const AppInsn& app) {
  const u64 target = raw(rip_target(app));
  return app.insn.address_size_prefix ? static_cast<u32>(target) : target;
}

// Puts the address gs_base + effective address of the operand into `to`.
void emit_gs_address(Copy& copy, const AppInsn& app, const Rewrite& rename, Gpr to, Gpr helper) {
  u8 buffer[x86::kMaxReencodedBytes];
  copy.before(false);
  if (app.insn.rip_relative) {
    copy.emit.mov_r_imm(to, effective_rip_target(app));
  } else {
    // The operand as a lea: same ModRM, other opcode and register.
    Insn lea = app.insn;
    lea.gpr_fields &= x86::kFieldBase | x86::kFieldIndex;
    u8 bytes[x86::kMaxInsnBytes];
    const unsigned count = x86::encode_operand_load(lea, to, bytes);
    x86::Insn load;
    TIPTOE_CHECK(x86::decode({bytes, count}, x86::Mode::k64, load), raw(app.pc), 0);
    bytes[load.opcode_offset] = 0x8d;
    load.opcode = 0x8d;
    Rewrite rewrite = rename;
    rewrite.drop_segment = true;
    copy.emit.bytes(buffer, x86::reencode({bytes, count}, load, rewrite, buffer));
  }
  // pop computes the address after it has moved rsp.
  const bool from_rsp = (x86::encoded_registers(app.insn) & set_of(x86::kRsp)) != 0;
  if (is_pop_m(app.insn) && from_rsp)
    copy.emit.lea(to, to, x86::has_16_bit_operands(app.insn) ? 2 : 8);
  copy.emit.mov_r_gs(helper, offsetof(ThreadState, app_gs_base));
  copy.emit.lea_sum(to, to, helper);
}

// The base register of the operand, under its machine name; kNoGpr when there is none.
Gpr memory_base(const Insn& insn, const Rewrite& rename) {
  const u8 low = insn.sib_offset != x86::kAbsent ? insn.sib & 7 : insn.modrm & 7;
  if ((insn.gpr_fields & x86::kFieldBase) == 0) return x86::kNoGpr;
  const Gpr base = static_cast<Gpr>(low | (insn.rex & 1) << 3);
  return base == rename.rename_from ? rename.rename_to : base;
}

// Puts gs_base + base register of the operand into `to`.
void emit_gs_rebase(Copy& copy, const AppInsn& app, const Rewrite& rename, Gpr to) {
  const Gpr base = memory_base(app.insn, rename);
  copy.before(false);
  copy.emit.mov_r_gs(to, offsetof(ThreadState, app_gs_base));
  if (base == x86::kRsp) {
    copy.emit.lea_sum(to, base, to);
  } else if (base != x86::kNoGpr) {
    copy.emit.lea_sum(to, to, base);
  }
}

// mov al/ax/eax/rax, gs:[address] and back: the form with ModRM, at a computed address.
void relocate_gs_moffs(Copy& copy, const AppInsn& app) {
  constexpr u8 kWithModrm[] = {0x8a, 0x8b, 0x88, 0x89};
  GprSet in_use = set_of(x86::kRax);
  const Gpr base = copy.borrow(Spill::kRelocate2, in_use);
  const Gpr helper = copy.borrow(Spill::kCheck, in_use);
  copy.before(false);
  const u64 offset = static_cast<u64>(app.insn.disp);
  copy.emit.mov_r_imm(base, app.insn.disp_size == 4 ? static_cast<u32>(offset) : offset);
  copy.emit.mov_r_gs(helper, offsetof(ThreadState, app_gs_base));
  copy.emit.lea_sum(base, base, helper);
  copy.emit.mov_r_gs(helper, spill_offset(Spill::kCheck));
  copy.unpark(helper);
  copy.before(true);
  if (app.insn.operand_size_prefix) copy.emit.imm8(0x66);
  if (app.insn.rex_w) copy.emit.imm8(0x48);
  copy.emit.imm8(kWithModrm[app.insn.opcode & 3]);
  copy.emit.imm8(base);
  copy.give_back(base, Spill::kRelocate2);
}

// xlat gs:[rbx+al]: a load of al from a computed address. (The sum of rbx and al may wrap at 32
// bits, before gs_base is added.)
void relocate_gs_xlat(Copy& copy, const AppInsn& app) {
  GprSet in_use = set_of(x86::kRax) | set_of(x86::kRbx);
  const Gpr base = copy.borrow(Spill::kRelocate2, in_use);
  const Gpr helper = copy.borrow(Spill::kCheck, in_use);
  copy.before(false);
  copy.emit.movzx_r32_al(base);
  copy.emit.lea_sum(base, x86::kRbx, base);
  if (app.insn.address_size_prefix) copy.emit.mov_r32_r32(base, base);
  copy.emit.mov_r_gs(helper, offsetof(ThreadState, app_gs_base));
  copy.emit.lea_sum(base, base, helper);
  copy.emit.mov_r_gs(helper, spill_offset(Spill::kCheck));
  copy.unpark(helper);
  copy.before(true);
  copy.emit.imm8(0x8a);
  copy.emit.imm8(base);
  copy.give_back(base, Spill::kRelocate2);
}

// rdi gets gs_base added for the time of a mask move.
void relocate_gs_mask_move(Copy& copy, const AppInsn& app) {
  constexpr Gpr base = x86::kRdi;
  GprSet in_use = 0xffff & ~set_of(base);
  copy.borrow(Spill::kRelocate2, in_use);
  GprSet but_base = set_of(base);
  const Gpr helper = copy.borrow(Spill::kCheck, but_base);
  copy.before(false);
  if (app.insn.address_size_prefix) copy.emit.mov_r32_r32(base, base);
  copy.emit.mov_r_gs(helper, offsetof(ThreadState, app_gs_base));
  copy.emit.lea_sum(base, base, helper);
  copy.emit.mov_r_gs(helper, spill_offset(Spill::kCheck));
  copy.unpark(helper);
  Rewrite rewrite;
  rewrite.drop_segment = rewrite.drop_address_size = true;
  copy.emit_rewritten(rewrite);
  copy.give_back(base, Spill::kRelocate2);
}

// push r15 / pop r15 with the register in its slot.
bool relocate_stack_form(Copy& copy, const AppInsn& app) {
  if (!is_push_r(app.insn) && !is_pop_r(app.insn)) return false;
  copy.before(true);
  is_push_r(app.insn) ? copy.emit.push_gs(spill_offset(Spill::kStolen))
                      : copy.emit.pop_gs(spill_offset(Spill::kStolen));
  return true;
}

// rdgsbase, from the slot of the program's base.
void relocate_rdgsbase(Copy& copy, const AppInsn& app, const RelocateContext& context) {
  const Gpr reg = static_cast<Gpr>((app.insn.modrm & 7) | (app.insn.rex & 1) << 3);
  const bool stolen = context.cursor_stolen && reg == kCursorRegister;
  GprSet in_use = set_of(reg);
  const Gpr work = stolen ? copy.borrow(Spill::kRelocate, in_use) : reg;
  copy.before(false);
  constexpr u32 kBase = offsetof(ThreadState, app_gs_base);
  app.insn.rex_w ? copy.emit.mov_r_gs(work, kBase) : copy.emit.mov_r32_gs(work, kBase);
  if (!stolen) return;
  copy.emit.mov_gs_r(spill_offset(Spill::kStolen), work);
  copy.give_back(work, Spill::kRelocate);
}

// wrgsbase, to the slot. A base that is not canonical must fault: it is one when its upper half
// equals the sign extension of that half's lower 16 bits. The value is in memory at `slot`.
void relocate_wrgsbase(Copy& copy, const AppInsn& app, const RelocateContext& context) {
  constexpr u32 kBase = offsetof(ThreadState, app_gs_base);
  const Gpr reg = static_cast<Gpr>((app.insn.modrm & 7) | (app.insn.rex & 1) << 3);
  const bool stolen = context.cursor_stolen && reg == kCursorRegister;
  const u32 slot = spill_offset(stolen ? Spill::kStolen : Spill::kCheck2);
  copy.before(false);
  if (!stolen) copy.emit.mov_gs_r(slot, reg);
  GprSet in_use = 0;
  const Gpr sum = copy.borrow(Spill::kRelocate, in_use);
  const Gpr value = copy.borrow(Spill::kRelocate2, in_use);
  TIPTOE_CHECK(sum == x86::kRcx, sum, value);
  copy.before(false);
  if (app.insn.rex_w) {
    copy.emit.movsxd_r_gs(sum, slot + 4);
    copy.emit.movsx_r_gs16(value, slot + 4);
    copy.emit.not_r(value);
    copy.emit.lea_sum1(sum, sum, value);
    copy.emit.mov_r_gs(value, slot);
    copy.emit.jrcxz_short(x86::Emitter::kWrgsbaseBytes);
    copy.before(true);
    copy.emit.wrgsbase(value);  // it faults
    copy.before(false);
  } else {
    copy.emit.mov_r32_gs(value, slot);
  }
  copy.emit.mov_gs_r(kBase, value);
  copy.give_back(value, Spill::kRelocate2);
  copy.give_back(sum, Spill::kRelocate);
}

// A string instruction whose source is in gs: rsi gets the base added for its time. It may be
// interrupted, and fault, in the middle: the state says that rsi is biased.
void relocate_gs_string(Copy& copy) {
  constexpr GprSet kUsed = set_of(x86::kRax) | set_of(x86::kRcx) | set_of(x86::kRdx) |
                           set_of(x86::kRsi) | set_of(x86::kRdi);
  GprSet in_use = kUsed;
  const Gpr helper = copy.borrow(Spill::kRelocate, in_use);
  copy.before(false);
  copy.emit.mov_r_gs(helper, offsetof(ThreadState, app_gs_base));
  copy.emit.lea_sum(x86::kRsi, x86::kRsi, helper);
  copy.park(x86::kRsi, kBiasedByGs | x86::kRsi);
  Rewrite rewrite;
  rewrite.drop_segment = true;
  copy.emit_rewritten(rewrite);
  copy.after();
  copy.emit.mov_r_gs(helper, offsetof(ThreadState, app_gs_base));
  copy.emit.not_r(helper);
  copy.emit.lea_sum1(x86::kRsi, x86::kRsi, helper);
  copy.unpark(x86::kRsi);
  copy.give_back(helper, Spill::kRelocate);
}

// The register that stood for the stolen one has been written.
void keep_renamed(Copy& copy, const Insn& insn, Gpr renamed) {
  const bool written = !insn.known || (insn.regs_written & kCursorSet) != 0;
  if (!written) return;
  copy.park(kCursorRegister, parked_in(kCursorRegister, renamed).place);
  copy.after();
  copy.emit.mov_gs_r(spill_offset(Spill::kStolen), renamed);
  copy.unpark(kCursorRegister);
}

// What needs a segment gets fs, which has the base of the program's gs for the time of the
// instruction. It may be interrupted, and fault, in the middle: the state says so.
void relocate_in_fs(Copy& copy, const AppInsn& app, bool rename) {
  constexpr u32 kFsBase = offsetof(ThreadState, app_fs_base);
  const Insn& insn = app.insn;
  GprSet in_use = registers_in_use(insn), in_place = 0;
  Rewrite rewrite;
  rewrite.fs_for_gs = true;
  if (rename) {
    rewrite.rename_from = kCursorRegister;
    rewrite.rename_to = copy.borrow(Spill::kRelocate, in_use);
    in_place |= set_of(rewrite.rename_to);
    copy.before(false);
    copy.emit.mov_r_gs(rewrite.rename_to, spill_offset(Spill::kStolen));
  }
  if (insn.rip_relative) {
    rewrite.memory = Rewrite::Memory::kBase;
    rewrite.base = copy.borrow(Spill::kRelocate2, in_use);
    in_place |= set_of(rewrite.base);
    copy.before(false);
    copy.emit.mov_r_imm(rewrite.base, effective_rip_target(app));
  }
  // The helper has been restored when the instruction comes, which may use it.
  const Gpr helper = copy.borrow(Spill::kCheck, in_place);
  copy.before(false);
  copy.emit.rdfsbase(helper);
  copy.emit.mov_gs_r(kFsBase, helper);
  copy.emit.mov_r_gs(helper, offsetof(ThreadState, app_gs_base));
  copy.emit.wrfsbase(helper);
  copy.fs_is_gs(true);
  copy.before(false);
  copy.emit.mov_r_gs(helper, spill_offset(Spill::kCheck));
  copy.unpark(helper);
  copy.emit_rewritten(rewrite);

  if (rename) keep_renamed(copy, insn, rewrite.rename_to);
  copy.after();
  copy.emit.mov_gs_r(spill_offset(Spill::kCheck), helper);
  copy.park(helper, parked_in(helper, Spill::kCheck).place);
  copy.after();
  copy.emit.mov_r_gs(helper, kFsBase);
  copy.emit.wrfsbase(helper);
  copy.fs_is_gs(false);
  copy.give_back(helper, Spill::kCheck);
  if (rename) copy.give_back(rewrite.rename_to, Spill::kRelocate);
  if (insn.rip_relative) copy.give_back(rewrite.base, Spill::kRelocate2);
}

// Makes `base` what the rewritten operand is based on.
void emit_gs_operand(Copy& copy, const AppInsn& app, const Rewrite& rename, Gpr base) {
  if (has_own_address(app.insn)) return emit_gs_rebase(copy, app, rename, base);
  // The helper has been restored when the instruction comes, so the instruction may use it.
  GprSet in_use = set_of(base);
  if (rename.rename_to != x86::kNoGpr) in_use |= set_of(rename.rename_to);
  const Gpr helper = copy.borrow(Spill::kCheck, in_use);
  emit_gs_address(copy, app, rename, base, helper);
  copy.before(false);
  copy.emit.mov_r_gs(helper, spill_offset(Spill::kCheck));
  copy.unpark(helper);
}

// The general case: rename the stolen register, re-base the memory operand, or both.
void relocate_general(Copy& copy, const AppInsn& app, bool rename, bool gs) {
  const Insn& insn = app.insn;
  GprSet in_use = registers_in_use(insn);
  Rewrite rewrite;
  rewrite.drop_segment = gs;
  if (rename) {
    rewrite.rename_from = kCursorRegister;
    rewrite.rename_to = copy.borrow(Spill::kRelocate, in_use);
    copy.before(false);
    copy.emit.mov_r_gs(rewrite.rename_to, spill_offset(Spill::kStolen));
  }
  Gpr base = x86::kNoGpr;
  if (gs) {
    if (!has_own_address(insn)) {
      in_use = registers_beside_address(insn);
      if (rename) in_use |= set_of(rewrite.rename_to);
    }
    base = copy.borrow(Spill::kRelocate2, in_use);
    emit_gs_operand(copy, app, rewrite, base);
  } else if (insn.rip_relative && !retarget(app, copy.emit.here(), false, rewrite)) {
    base = copy.borrow(Spill::kRelocate2, in_use);
    copy.before(false);
    copy.emit.mov_r_imm(base, effective_rip_target(app));
  }
  if (base != x86::kNoGpr) {
    rewrite.memory =
        gs && has_own_address(insn) ? Rewrite::Memory::kRebase : Rewrite::Memory::kBase;
    rewrite.base = base;
  }
  copy.emit_rewritten(rewrite);

  if (rename) {
    keep_renamed(copy, insn, rewrite.rename_to);
    copy.give_back(rewrite.rename_to, Spill::kRelocate);
  }
  if (base != x86::kNoGpr) copy.give_back(base, Spill::kRelocate2);
}

// lea reg, [rip+d] with a 64-bit destination is a constant.
bool relocate_rip_lea(Copy& copy, const AppInsn& app, bool rename) {
  if (!is_lea(app.insn) || !app.insn.rip_relative || !app.insn.rex_w || rename) return false;
  Rewrite rewrite;
  if (retarget(app, copy.emit.here(), false, rewrite)) {
    copy.emit_rewritten(rewrite);
  } else {
    copy.before(false);
    copy.emit.mov_r_imm(static_cast<Gpr>((app.insn.modrm >> 3 & 7) | (app.insn.rex & 4) << 1),
                        effective_rip_target(app));
  }
  return true;
}

}  // namespace

bool can_relocate(const AppInsn& app, bool cursor_stolen, bool has_fsgsbase) {
  const Insn& insn = app.insn;
  if (insn.encoding == x86::Encoding::kRex2 && cursor_stolen) return false;
  switch (insn.special) {
    case Special::kMovToSeg: {  // loading gs would take our thread state away
      const unsigned segment = insn.modrm >> 3 & 7;
      return segment != 5;
    }
    case Special::kPopSeg:
      return insn.opcode != 0xa9;
    case Special::kLoadFarPtr:
      return insn.opcode != 0xb5;
    case Special::kX87Env:
    case Special::kXsave:  // they store the address of an x87 instruction
      return false;
    default:
      break;
  }
  return has_fsgsbase || !needs_segment(insn);
}

void relocate(const RelocateContext& context, const AppInsn& app, PieceWriter& out) {
  Copy copy(context, app, out);
  const Insn& insn = app.insn;
  const bool rename = context.cursor_stolen && names_cursor(insn);
  const bool gs = uses_gs_memory(insn) && !is_lea(insn);

  // condition -> replacement
  if (!insn.valid) {
    copy.before(true);
    copy.emit.bytes(app.bytes.data(), insn.length);
    return;
  }
  if (insn.special == Special::kRdGsBase) return relocate_rdgsbase(copy, app, context);
  if (insn.special == Special::kWrGsBase) return relocate_wrgsbase(copy, app, context);
  if (needs_segment(insn)) return relocate_in_fs(copy, app, rename);
  if (is_gs_string(insn)) return relocate_gs_string(copy);
  if (rename && relocate_stack_form(copy, app)) return;
  if (relocate_rip_lea(copy, app, rename)) return;
  if (is_gs_moffs(insn)) return relocate_gs_moffs(copy, app);
  if (is_gs_xlat(insn)) return relocate_gs_xlat(copy, app);
  if (is_gs_mask_move(insn)) return relocate_gs_mask_move(copy, app);
  if (rename || gs || insn.rip_relative) return relocate_general(copy, app, rename, gs);

  copy.before(true);
  copy.emit.bytes(app.bytes.data(), insn.length);
}

void relocate_operand_load(const RelocateContext& context, const AppInsn& app, Gpr to,
                           Parked to_parked, PieceWriter& out) {
  // The load as an instruction of its own, then relocated like any other, with `to` already parked.
  u8 bytes[x86::kMaxInsnBytes];
  AppInsn load = app;
  const unsigned count = x86::encode_operand_load(app.insn, to, bytes);
  TIPTOE_CHECK(x86::decode({bytes, count}, x86::Mode::k64, load.insn), raw(app.pc), count);
  load.bytes = {bytes, count};

  const Insn& insn = load.insn;
  const bool rename = context.cursor_stolen && names_cursor(insn);
  const bool gs = uses_gs_memory(insn);
  Copy copy(context, app, out);
  GprSet in_use = registers_in_use(insn);
  Rewrite rewrite;
  rewrite.drop_segment = gs;
  const auto emit = [&](const Rewrite& change) {
    u8 buffer[x86::kMaxReencodedBytes];
    copy.before(true);
    out.emit.bytes(buffer, x86::reencode(load.bytes, insn, change, buffer));
  };
  Gpr renamed = x86::kNoGpr;
  Gpr base = x86::kNoGpr;
  if (rename) {
    renamed = copy.borrow(Spill::kRelocate, in_use);
    rewrite.rename_from = kCursorRegister;
    rewrite.rename_to = renamed;
    copy.before(false);
    out.emit.mov_r_gs(renamed, spill_offset(Spill::kStolen));
  }
  // The displacement belongs to the end of the branch, not to the end of our load.
  const u64 target = app.insn.rip_relative ? effective_rip_target(app) : 0;
  if (gs) {
    base = copy.borrow(Spill::kRelocate2, in_use);
    const Gpr helper = copy.borrow(Spill::kCheck, in_use);
    emit_gs_address(copy, app, rewrite, base, helper);
    copy.before(false);
    out.emit.mov_r_gs(helper, spill_offset(Spill::kCheck));
    copy.unpark(helper);
  } else if (app.insn.rip_relative) {
    const CachePc at = out.emit.here();
    if (displacement_reaches(AppPc{target}, at, count) && !app.insn.address_size_prefix) {
      rewrite.memory = Rewrite::Memory::kRipRelative;
      rewrite.displacement = static_cast<i32>(target - raw(at) - count);
    } else if (x86::fits_i32(static_cast<i64>(target))) {
      rewrite.memory = Rewrite::Memory::kAbsolute;
      rewrite.displacement = static_cast<i32>(target);
    } else {
      base = to;  // its own scratch: the load overwrites it last
      copy.park(to, to_parked.place);
      copy.before(false);
      out.emit.mov_r_imm(base, target);
    }
  }
  if (base != x86::kNoGpr) {
    rewrite.memory = Rewrite::Memory::kBase;
    rewrite.base = base;
  }
  emit(rewrite);
  copy.park(to, to_parked.place);
  const auto restore = [&](Gpr r, Spill slot) {
    copy.before(false);
    out.emit.mov_r_gs(r, spill_offset(slot));
    copy.unpark(r);
  };
  if (renamed != x86::kNoGpr) restore(renamed, Spill::kRelocate);
  if (gs) restore(base, Spill::kRelocate2);
}

}  // namespace tiptoe::engine
