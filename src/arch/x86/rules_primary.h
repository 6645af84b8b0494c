// The one-byte opcodes, a line for each opcode or group of them. An opcode without a rule is #UD.
#pragma once

#include "arch/x86/rule.h"

namespace tiptoe::x86::rules {

// The six forms of add, or, adc, sbb, and, sub, xor, cmp. `rmw` is the access to the destination.
template <typename Table>
constexpr void alu_forms(Sink<Table>& t, u8 base, Fx fx, Operand rmw, u32 traits = 0) {
  const bool writes = rmw & kW;
  const Imp accumulator = writes ? Imp::kUpdateA : Imp::kReadA;
  const Imp accumulator_byte = writes ? Imp::kUpdateAl : Imp::kReadA;
  const u32 locked = traits | (writes ? kLockable : kNoTrait);
  t += op(base).rm(kByte | rmw).reg(kRb).flags(fx).with(locked);
  t += op(base + 1).rm(kVar | rmw).reg(kRv).flags(fx).with(locked);
  t += op(base + 2).reg(kByte | rmw).rm(kRb).flags(fx).with(traits);
  t += op(base + 3).reg(kVar | rmw).rm(kRv).flags(fx).with(traits);
  t += op(base + 4).regs(accumulator_byte).imm(Imm::k8).flags(fx);
  t += op(base + 5).regs(accumulator).imm(Imm::kZ).flags(fx);
}

// Group 1: the same eight operations with an immediate.
template <typename Table>
constexpr void alu_immediates(Sink<Table>& t, u8 opcode, Operand size, Imm imm,
                              bool only32 = false) {
  const Rule r = only32 ? op(opcode).imm(imm).only32() : op(opcode).imm(imm);
  t += r.exts(0b0010'0001).rm(size | kRW).flags(Fx::kArith).lockable();  // add, sub
  t += r.exts(0b0101'0010).rm(size | kRW).flags(Fx::kLogic).lockable();  // or, and, xor
  t += r.exts(0b0000'1100).rm(size | kRW).flags(Fx::kAdc).lockable();    // adc, sbb
  t += r.exts(0b1000'0000).rm(size | kR).flags(Fx::kArith);              // cmp
}

// Group 2: rol, ror, rcl, rcr, shl, shr, sal, sar.
template <typename Table>
constexpr void shifts(Sink<Table>& t, u8 opcode, Operand size, Imm imm, Imp count, bool by_one) {
  const Rule r = op(opcode).rm(size | kRW).imm(imm).regs(count);
  const u32 counted = imm == Imm::k8 ? kShiftImm : kNoTrait;
  t += r.exts(0b0000'0011).flags(by_one ? Fx::kRotateOne : Fx::kRotate).with(counted);
  t += r.exts(0b0000'1100).flags(by_one ? Fx::kRotateCarryOne : Fx::kRotateCarry);
  t += r.exts(0b1111'0000).flags(by_one ? Fx::kShiftOne : Fx::kShift).with(counted);
}

// Group 3: test, not, neg, mul, imul, div, idiv.
template <typename Table>
constexpr void unary_group(Sink<Table>& t, u8 opcode, Operand size, Imm imm, bool byte) {
  const Rule r = op(opcode);
  const Imp mul = byte ? Imp::kMulByte : Imp::kMul, div = byte ? Imp::kMulByte : Imp::kDiv;
  t += r.exts(0b0000'0011).rm(size | kR).imm(imm).flags(Fx::kLogic);  // /1 is test as well
  t += r.ext(2).rm(size | kRW).lockable();
  t += r.ext(3).rm(size | kRW).flags(Fx::kArith).lockable();
  t += r.exts(0b0011'0000).rm(size | kR).regs(mul).flags(Fx::kMul);
  t += r.exts(0b1100'0000).rm(size | kR).regs(div).flags(Fx::kUndefined);
}

template <typename Table>
constexpr void primary_rules(Sink<Table> t) {
  constexpr u32 pushes = kDefault64 | kWritesMem, pops = kDefault64 | kReadsMem;
  constexpr u32 copies = kReadsMem | kWritesMem;

  alu_forms(t, 0x00, Fx::kArith, kRW);              // add
  alu_forms(t, 0x08, Fx::kLogic, kRW);              // or
  alu_forms(t, 0x10, Fx::kAdc, kRW);                // adc
  alu_forms(t, 0x18, Fx::kAdc, kRW, kZeroIdiom);    // sbb: of a register with itself gives -CF
  alu_forms(t, 0x20, Fx::kLogic, kRW);              // and
  alu_forms(t, 0x28, Fx::kArith, kRW, kZeroIdiom);  // sub
  alu_forms(t, 0x30, Fx::kLogic, kRW, kZeroIdiom);  // xor
  alu_forms(t, 0x38, Fx::kArith, kR);               // cmp

  // push es, cs, ss, ds; pop es, ss, ds; decimal adjust
  for (u8 opcode : {0x06, 0x0e, 0x16, 0x1e}) {
    t += op(opcode).only32().regs(Imp::kStack).with(kWritesMem).special(Special::kPushSeg);
  }
  for (u8 opcode : {0x07, 0x17, 0x1f}) {
    t += op(opcode).only32().regs(Imp::kStack).with(kReadsMem).special(Special::kPopSeg);
  }
  t += op(0x27).only32().regs(Imp::kUpdateAl).flags(Fx::kDecimal);      // daa
  t += op(0x2f).only32().regs(Imp::kUpdateAl).flags(Fx::kDecimal);      // das
  t += op(0x37).only32().regs(Imp::kUpdateAl).flags(Fx::kAsciiAdjust);  // aaa
  t += op(0x3f).only32().regs(Imp::kUpdateAl).flags(Fx::kAsciiAdjust);  // aas

  t += op(0x40, 0x4f).only32().low3(kRWv).flags(Fx::kIncDec);    // inc, dec
  t += op(0x50, 0x57).low3(kRv).regs(Imp::kStack).with(pushes);  // push
  t += op(0x58, 0x5f).low3(kWv).regs(Imp::kStack).with(pops);    // pop

  t += op(0x60).only32().regs(Imp::kPusha).with(kWritesMem);
  t += op(0x61).only32().regs(Imp::kPopa).with(kReadsMem);
  t += op(0x62).only32().mem().reg(kRv).rm(kR);                          // bound
  t += op(0x63).only32().rm(kWord | kR | kC).reg(kRw).flags(Fx::kZero);  // arpl
  t += op(0x63).only64().reg(kWv).rm(kRy);                               // movsxd
  t += op(0x68).imm(Imm::kZ).regs(Imp::kStack).with(pushes);             // push
  t += op(0x69).reg(kWv).rm(kRv).imm(Imm::kZ).flags(Fx::kMul);           // imul
  t += op(0x6a).imm(Imm::k8).regs(Imp::kStack).with(pushes);             // push
  t += op(0x6b).reg(kWv).rm(kRv).imm(Imm::k8).flags(Fx::kMul);           // imul
  t += op(0x6c, 0x6d).regs(Imp::kIns).flags(Fx::kDirection).with(kString | kWritesMem);
  t += op(0x6e, 0x6f).regs(Imp::kOuts).flags(Fx::kDirection).with(kString | kReadsMem);

  t += op(0x70, 0x7f).imm(Imm::kRel8).flow(Flow::kJcc).with(kCondition);

  alu_immediates(t, 0x80, kByte, Imm::k8);
  alu_immediates(t, 0x81, kVar, Imm::kZ);
  alu_immediates(t, 0x82, kByte, Imm::k8, true);
  alu_immediates(t, 0x83, kVar, Imm::k8);
  t += op(0x84).rm(kRb).reg(kRb).flags(Fx::kLogic);  // test
  t += op(0x85).rm(kRv).reg(kRv).flags(Fx::kLogic);
  t += op(0x86).rm(kRWb).reg(kRWb).lockable();  // xchg
  t += op(0x87).rm(kRWv).reg(kRWv).lockable();
  t += op(0x88).rm(kWb).reg(kRb);  // mov
  t += op(0x89).rm(kWv).reg(kRv);
  t += op(0x8a).reg(kWb).rm(kRb);
  t += op(0x8b).reg(kWv).rm(kRv);
  t += op(0x8c).exts(0b0011'1111).rm(kWv).special(Special::kMovFromSeg);
  t += op(0x8d).mem().reg(kWv).rm(kUnused);  // lea
  t += op(0x8e).exts(0b0011'1101).rm(kRw).special(Special::kMovToSeg);
  t += op(0x8f).ext(0).rm(kWv).regs(Imp::kStack).with(pops);  // pop

  t += op(0x90).b(false);  // nop, pause
  // With REX.B this is still pause on Intel, but xchg on AMD.
  t += op(0x90).when(kF3).b(true).low3(kRCv).regs(Imp::kUpdateAl);
  t += op(0x90, 0x97).low3(kRWv).regs(Imp::kUpdateA);  // xchg
  t += op(0x98).regs(Imp::kExtendA);                   // cbw, cwde, cdqe
  t += op(0x99).regs(Imp::kExtendD);                   // cwd, cdq, cqo
  t += op(0x9a).only32().imm(Imm::kFar).flow(Flow::kFarCall).regs(Imp::kStack).with(kWritesMem);
  t += op(0x9b);  // fwait
  t += op(0x9c).regs(Imp::kStack).with(pushes).flags(Fx::kPushf).special(Special::kPushf);
  t += op(0x9d).regs(Imp::kStack).with(pops).flags(Fx::kPopf).special(Special::kPopf);
  t += op(0x9e).regs(Imp::kReadA).flags(Fx::kStoreAh);   // sahf
  t += op(0x9f).regs(Imp::kWriteAl).flags(Fx::kLoadAh);  // lahf

  t += op(0xa0).imm(Imm::kMoffs).regs(Imp::kWriteAl).with(kReadsMem);  // mov
  t += op(0xa1).imm(Imm::kMoffs).regs(Imp::kWriteA).with(kReadsMem);
  t += op(0xa2, 0xa3).imm(Imm::kMoffs).regs(Imp::kReadA).with(kWritesMem);
  // movs, cmps
  t += op(0xa4, 0xa5).regs(Imp::kString2).flags(Fx::kDirection).with(kString | copies);
  t += op(0xa6, 0xa7).regs(Imp::kString2).flags(Fx::kStringCompare).with(kString | kReadsMem);
  t += op(0xa8).regs(Imp::kReadA).imm(Imm::k8).flags(Fx::kLogic);  // test
  t += op(0xa9).regs(Imp::kReadA).imm(Imm::kZ).flags(Fx::kLogic);
  t += op(0xaa, 0xab).regs(Imp::kStos).flags(Fx::kDirection).with(kString | kWritesMem);
  t += op(0xac).regs(Imp::kLodsb).flags(Fx::kDirection).with(kString | kReadsMem);
  t += op(0xad).regs(Imp::kLods).flags(Fx::kDirection).with(kString | kReadsMem);
  t += op(0xae, 0xaf).regs(Imp::kStos).flags(Fx::kStringCompare).with(kString | kReadsMem);  // scas

  t += op(0xb0, 0xb7).low3(kWb).imm(Imm::k8);  // mov
  t += op(0xb8, 0xbf).low3(kWv).imm(Imm::kV);

  shifts(t, 0xc0, kByte, Imm::k8, Imp::kNone, false);
  shifts(t, 0xc1, kVar, Imm::k8, Imp::kNone, false);
  t += op(0xc2).imm(Imm::k16).flow(Flow::kRet).regs(Imp::kStack).with(pops);
  t += op(0xc3).flow(Flow::kRet).regs(Imp::kStack).with(pops);
  t += op(0xc4, 0xc5).only32().mem().reg(kWv).rm(kR).special(Special::kLoadFarPtr);  // les, lds
  t += op(0xc6).ext(0).rm(kWb).imm(Imm::k8);                                         // mov
  t += op(0xc6).byte(0xf8).imm(Imm::k8).regs(Imp::kUpdateAl);                        // xabort
  t += op(0xc7).ext(0).rm(kWv).imm(Imm::kZ);
  t += op(0xc7).byte(0xf8).imm(Imm::kRelV).flow(Flow::kXbegin).regs(Imp::kWriteAl);
  t += op(0xc8).imm(Imm::k16And8).regs(Imp::kFrame).with(kDefault64 | kReadsMem | kWritesMem);
  t += op(0xc9).regs(Imp::kFrame).with(pops);  // leave
  t += op(0xca).imm(Imm::k16).flow(Flow::kFarRet).regs(Imp::kStack).with(kReadsMem);
  t += op(0xcb).flow(Flow::kFarRet).regs(Imp::kStack).with(kReadsMem);
  t += op(0xcc).flow(Flow::kInt3).opaque();
  t += op(0xcd).imm(Imm::k8).flow(Flow::kInt).opaque();
  t += op(0xce).only32().flow(Flow::kInto).opaque();
  t += op(0xcf).flow(Flow::kIret).opaque().with(kReadsMem);

  shifts(t, 0xd0, kByte, Imm::kNone, Imp::kNone, true);
  shifts(t, 0xd1, kVar, Imm::kNone, Imp::kNone, true);
  shifts(t, 0xd2, kByte, Imm::kNone, Imp::kReadC, false);
  shifts(t, 0xd3, kVar, Imm::kNone, Imp::kReadC, false);
  t += op(0xd4, 0xd5).only32().imm(Imm::k8).regs(Imp::kUpdateAl).flags(Fx::kAsciiMul);  // aam, aad
  t += op(0xd6).only32().regs(Imp::kWriteAl).flags(Fx::kReadCarry);                     // salc
  t += op(0xd7).regs(Imp::kXlat).with(kReadsMem);

  t += op(0xe0, 0xe1).imm(Imm::kRel8).flow(Flow::kLoop).regs(Imp::kUpdateC).flags(Fx::kReadZero);
  t += op(0xe2).imm(Imm::kRel8).flow(Flow::kLoop).regs(Imp::kUpdateC);
  t += op(0xe3).imm(Imm::kRel8).flow(Flow::kJrcxz).regs(Imp::kReadC);
  t += op(0xe4).imm(Imm::k8).regs(Imp::kWriteAl);  // in
  t += op(0xe5).imm(Imm::k8).regs(Imp::kWriteA);
  t += op(0xe6, 0xe7).imm(Imm::k8).regs(Imp::kReadA);  // out
  t += op(0xe8).imm(Imm::kRelZ).flow(Flow::kCall).regs(Imp::kStack).with(kWritesMem);
  t += op(0xe9).imm(Imm::kRelZ).flow(Flow::kJmp);
  t += op(0xea).only32().imm(Imm::kFar).flow(Flow::kFarJmp);
  t += op(0xeb).imm(Imm::kRel8).flow(Flow::kJmp);
  t += op(0xec).regs(Imp::kInDxByte);  // in
  t += op(0xed).regs(Imp::kInDx);
  t += op(0xee, 0xef).regs(Imp::kOutDx);  // out

  t += op(0xf1).flow(Flow::kInt1).opaque();
  t += op(0xf4).privileged();            // hlt
  t += op(0xf5).flags(Fx::kComplement);  // cmc
  unary_group(t, 0xf6, kByte, Imm::k8, true);
  unary_group(t, 0xf7, kVar, Imm::kZ, false);
  t += op(0xf8, 0xf9).flags(Fx::kCarrySet);                                // clc, stc
  t += op(0xfa, 0xfb).flow(Flow::kPrivileged).flags(Fx::kInterrupt);       // cli, sti
  t += op(0xfc, 0xfd).flags(Fx::kDirectionSet);                            // cld, std
  t += op(0xfe).exts(0b0000'0011).rm(kRWb).flags(Fx::kIncDec).lockable();  // inc, dec
  t += op(0xff).exts(0b0000'0011).rm(kRWv).flags(Fx::kIncDec).lockable();
  t += op(0xff).ext(2).rm(kRy).flow(Flow::kCallIndirect).regs(Imp::kStack).with(kWritesMem);
  t += op(0xff).ext(3).mem().rm(kR).flow(Flow::kFarCall).regs(Imp::kStack).with(kWritesMem);
  t += op(0xff).ext(4).rm(kRy).flow(Flow::kJmpIndirect);
  t += op(0xff).ext(5).mem().rm(kR).flow(Flow::kFarJmp);
  t += op(0xff).ext(6).rm(kRv).regs(Imp::kStack).with(pushes);  // push
}

}  // namespace tiptoe::x86::rules
