// Encoder for the instructions that the engine itself emits (64-bit mode).
//
// Each method appends one instruction at the cursor. Names follow the mnemonic, then the operand
// kinds in Intel order: mov_gs_r is `mov gs:[offset], reg`. None of them changes a flag unless its
// instruction does (cmp). Freestanding; not thread-safe: one emitter, one translator.
#pragma once

#include "arch/x86/registers.h"
#include "base/memory.h"
#include "base/types.h"

namespace tiptoe::x86 {

constexpr bool fits_i8(i64 v) {
  return v == static_cast<i8>(v);
}
constexpr bool fits_i32(i64 v) {
  return v == static_cast<i32>(v);
}
constexpr bool fits_u32(u64 v) {
  return v == static_cast<u32>(v);
}

class Emitter {
 public:
  Emitter() = default;
  explicit Emitter(CachePc at) : cursor_(reinterpret_cast<u8*>(raw(at))) {}

  CachePc here() const { return CachePc{reinterpret_cast<u64>(cursor_)}; }

  void bytes(const u8* from, u64 count) {
    for (u64 i = 0; i < count; ++i) *cursor_++ = from[i];
  }
  void imm8(u8 v) { *cursor_++ = v; }
  void imm32(u32 v) { bytes(reinterpret_cast<u8*>(&v), 4); }
  void imm64(u64 v) { bytes(reinterpret_cast<u8*>(&v), 8); }

  // Thread state: gs:[offset], absolute addressing.
  void mov_gs_r(u32 offset, Gpr r) { gs_op(0x89, r, offset); }
  void mov_r_gs(Gpr r, u32 offset) { gs_op(0x8b, r, offset); }
  void mov_gs_imm32(u32 offset, u32 value) {  // a 4-byte store
    imm8(0x65), imm8(0xc7), imm8(0x04), imm8(0x25), imm32(offset), imm32(value);
  }
  void mov_r32_gs(Gpr r, u32 offset) {  // a 4-byte load, clears the upper half
    imm8(0x65), rex_opt(r, kRax), imm8(0x8b), gs_operand(r, offset);
  }
  void movsxd_r_gs(Gpr r, u32 offset) { gs_op(0x63, r, offset); }
  void movsx_r_gs16(Gpr r, u32 offset) {
    imm8(0x65), imm8(rex_w(r, kRax, kRax)), imm8(0x0f), imm8(0xbf), gs_operand(r, offset);
  }
  static constexpr u8 kWrgsbaseBytes = 5;
  void wrgsbase(Gpr r) { base_op(3, r); }
  void rdfsbase(Gpr r) { base_op(0, r); }
  void wrfsbase(Gpr r) { base_op(2, r); }
  void bswap_r32(Gpr r) { rex_opt(kRax, r), imm8(0x0f), imm8(0xc8 | (r & 7)); }
  void bswap_r(Gpr r) { imm8(rex_w(kRax, kRax, r)), imm8(0x0f), imm8(0xc8 | (r & 7)); }
  void not_r(Gpr r) { imm8(rex_w(kRax, kRax, r)), imm8(0xf7), imm8(modrm(3, 2, r)); }
  void push_gs(u32 offset) { imm8(0x65), imm8(0xff), imm8(0x34), imm8(0x25), imm32(offset); }
  void pop_gs(u32 offset) { imm8(0x65), imm8(0x8f), imm8(0x04), imm8(0x25), imm32(offset); }
  void jmp_gs(u32 offset) { imm8(0x65), imm8(0xff), imm8(0x24), imm8(0x25), imm32(offset); }

  void mov_r_r(Gpr to, Gpr from) {
    imm8(rex_w(from, kRax, to)), imm8(0x89), imm8(modrm(3, from, to));
  }
  void mov_r32_r32(Gpr to, Gpr from) {  // clears the upper half
    rex_opt(from, to), imm8(0x89), imm8(modrm(3, from, to));
  }
  void movzx_r32_al(Gpr to) { rex_opt(to, kRax), imm8(0x0f), imm8(0xb6), imm8(modrm(3, to, kRax)); }
  void movzx_r32_r16(Gpr to, Gpr from) {
    rex_opt(to, from), imm8(0x0f), imm8(0xb7), imm8(modrm(3, to, from));
  }
  void movzx_r32_mem16(Gpr r, Gpr base, i32 disp) {
    rex_opt(r, base), imm8(0x0f), imm8(0xb7), mem(r, base, disp);
  }
  void movzx_r32_mem8(Gpr r, Gpr base, i32 disp) {
    rex_opt(r, base), imm8(0x0f), imm8(0xb6), mem(r, base, disp);
  }
  void mov_r_imm(Gpr r, u64 value) {  // the shortest form
    if (fits_u32(value)) {
      rex_opt(kRax, r), imm8(0xb8 | (r & 7)), imm32(static_cast<u32>(value));
    } else if (fits_i32(static_cast<i64>(value))) {
      imm8(rex_w(kRax, kRax, r)), imm8(0xc7), imm8(modrm(3, 0, r)), imm32(static_cast<u32>(value));
    } else {
      imm8(rex_w(kRax, kRax, r)), imm8(0xb8 | (r & 7)), imm64(value);
    }
  }
  void mov_r_mem(Gpr r, Gpr base, i32 disp) { mem_op(0x8b, r, base, disp); }
  void mov_r32_mem(Gpr r, Gpr base, i32 disp) { rex_opt(r, base), imm8(0x8b), mem(r, base, disp); }
  void mov_mem32_imm32(Gpr base, i32 disp, u32 value) {
    rex_opt(kRax, base), imm8(0xc7), mem(0, base, disp), imm32(value);
  }
  // mov r, [base + index*8]; base is not rbp or r13
  void mov_r_mem_index8(Gpr r, Gpr base, Gpr index) {
    imm8(rex_w(r, index, base)), imm8(0x8b), imm8(modrm(0, r, 4)),
        imm8(static_cast<u8>(3 << 6 | (index & 7) << 3 | (base & 7)));
  }
  void lea(Gpr r, Gpr base, i32 disp) { mem_op(0x8d, r, base, disp); }
  void lea_sum(Gpr r, Gpr a, Gpr b) {  // r = a + b; b is not rsp, a is not rbp or r13
    imm8(rex_w(r, b, a)), imm8(0x8d), imm8(modrm(0, r, 4)),
        imm8(static_cast<u8>((b & 7) << 3 | (a & 7)));
  }

  // The same in 32 bits; registers below r8 only.
  void lea_sum_r32(Gpr r, Gpr a, Gpr b) {
    imm8(0x8d), imm8(modrm(0, r, 4)), imm8(static_cast<u8>((b & 7) << 3 | (a & 7)));
  }

  void lea_sum1(Gpr r, Gpr a, Gpr b) {  // r = a + b + 1; b is not rsp
    imm8(rex_w(r, b, a)), imm8(0x8d), imm8(modrm(1, r, 4)),
        imm8(static_cast<u8>((b & 7) << 3 | (a & 7))), imm8(1);
  }

  void mov_mem_r(Gpr base, i32 disp, Gpr r) { mem_op(0x89, r, base, disp); }
  // The 32-bit displacement in front of `after`, emitted already, leads to `target` from now on.
  static void retarget_rel32(CachePc after, CachePc target) {
    Emitter(after + -4).imm32(static_cast<u32>(target - after));
  }

  void push_r(Gpr r) { rex_opt(kRax, r), imm8(0x50 | (r & 7)); }
  void pop_r(Gpr r) { rex_opt(kRax, r), imm8(0x58 | (r & 7)); }
  void push_imm32(i32 value) { imm8(0x68), imm32(static_cast<u32>(value)); }

  void mov_r_rip(Gpr r, CachePc data) {
    imm8(rex_w(r, kRax, kRax)), imm8(0x8b), imm8(modrm(0, r, 5)), rel32(data);
  }
  void mov_rip_r(CachePc data, Gpr r) {
    imm8(rex_w(r, kRax, kRax)), imm8(0x89), imm8(modrm(0, r, 5)), rel32(data);
  }

  void jmp(CachePc target) { imm8(0xe9), rel32(target); }
  void call(CachePc target) { imm8(0xe8), rel32(target); }
  void jcc(Cond cond, CachePc target) { imm8(0x0f), imm8(0x80 | cond), rel32(target); }
  void jmp_rip(CachePc slot) { imm8(0xff), imm8(0x25), rel32(slot); }
  void jmp_r(Gpr r) { rex_opt(kRax, r), imm8(0xff), imm8(modrm(3, 4, r)); }
  void jmp_short(u8 over) { imm8(0xeb), imm8(over); }
  void jrcxz_short(u8 over) { imm8(0xe3), imm8(over); }
  void ret() { imm8(0xc3); }
  void ud2() { imm8(0x0f), imm8(0x0b); }

  // A displacement that is patched while other threads run the instruction lies within one aligned
  // 8-byte word, so that the store is atomic for every processor. How many bytes to pad with, for
  // the one that starts `offset` bytes from here.
  unsigned patchable_pad(u64 offset) const {
    const u64 at = (raw(here()) + offset) & 7;
    return static_cast<unsigned>(at > 4 ? 8 - at : 0);
  }
  void align_patchable(u64 offset) { nop(patchable_pad(offset)); }
  // The same for a jump or call that comes next: it is given prefixes that mean nothing, which
  // costs less than an instruction more.
  void prefix_patchable() { prefixes(patchable_pad(1)); }
  void prefixes(unsigned count) {
    for (; count > 0; --count) imm8(0x2e);
  }
  // For the two displacements of a call and of the jump behind it.
  void prefix_patchable_call() {
    for (u64 at = raw(here()); ((at + 1) & 7) > 4 || ((at + 6) & 7) > 4; ++at) imm8(0x2e);
  }
  void align(u64 power_of_two) {
    nop(static_cast<unsigned>(align_up(raw(here()), power_of_two) - raw(here())));
  }
  // As few instructions as `count` bytes can be, of the forms that processor manuals recommend.
  void nop(unsigned count) {
    static constexpr u8 kForms[9][9] = {{0x90},
                                        {0x66, 0x90},
                                        {0x0f, 0x1f, 0x00},
                                        {0x0f, 0x1f, 0x40},
                                        {0x0f, 0x1f, 0x44},
                                        {0x66, 0x0f, 0x1f, 0x44},
                                        {0x0f, 0x1f, 0x80},
                                        {0x0f, 0x1f, 0x84},
                                        {0x66, 0x0f, 0x1f, 0x84}};
    while (count != 0) {
      const unsigned length = count < 9 ? count : 9;
      bytes(kForms[length - 1], length);
      count -= length;
    }
  }

 private:
  static u8 modrm(unsigned mod, unsigned reg, unsigned rm) {
    return static_cast<u8>(mod << 6 | (reg & 7) << 3 | (rm & 7));
  }
  static u8 rex_w(unsigned reg, unsigned index, unsigned base) {
    return static_cast<u8>(0x48 | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3);
  }
  void base_op(unsigned extension, Gpr r) {
    imm8(0xf3), imm8(rex_w(kRax, kRax, r)), imm8(0x0f), imm8(0xae), imm8(modrm(3, extension, r));
  }
  void rex_opt(unsigned reg, unsigned base) {
    const u8 rex = static_cast<u8>((reg >> 3) << 2 | base >> 3);
    if (rex != 0) imm8(0x40 | rex);
  }
  void gs_op(u8 opcode, Gpr r, u32 offset) {
    imm8(0x65), imm8(rex_w(r, kRax, kRax)), imm8(opcode), gs_operand(r, offset);
  }
  void gs_operand(Gpr r, u32 offset) { imm8(modrm(0, r, 4)), imm8(0x25), imm32(offset); }
  void mem_op(u8 opcode, Gpr r, Gpr base, i32 disp) {
    imm8(rex_w(r, kRax, base)), imm8(opcode), mem(r, base, disp);
  }
  void mem(unsigned reg, Gpr base, i32 disp) {
    const unsigned mod = disp == 0 && (base & 7) != kRbp ? 0 : fits_i8(disp) ? 1 : 2;
    imm8(modrm(mod, reg, base));
    if ((base & 7) == kRsp) imm8(0x24);
    if (mod == 1) imm8(static_cast<u8>(disp));
    if (mod == 2) imm32(static_cast<u32>(disp));
  }
  void rel32(CachePc target) { imm32(static_cast<u32>(target - here() - 4)); }

  u8* cursor_ = nullptr;
};

}  // namespace tiptoe::x86
