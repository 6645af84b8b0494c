// The x87 opcodes d8..df. Instructions that only control the unit leave its instruction pointer
// alone.
#pragma once

#include "arch/x86/rule.h"

namespace tiptoe::x86::rules {

template <typename Table>
constexpr void x87_rules(Sink<Table> t) {
  auto fpu = [](u8 opcode) { return op(opcode).with(kX87); };
  auto load = [&](u8 opcode, unsigned exts) { return fpu(opcode).mem().exts(exts).rm(kR); };
  auto store = [&](u8 opcode, unsigned exts) { return fpu(opcode).mem().exts(exts).rm(kW); };
  auto stack = [&](u8 opcode, unsigned exts) { return fpu(opcode).mod3().exts(exts); };

  t += load(0xd8, 0xff);  // fadd, fmul, fcom... m32
  t += stack(0xd8, 0xff);

  t += load(0xd9, 0b0000'0001);                                 // fld m32
  t += store(0xd9, 0b0000'1100);                                // fst, fstp m32
  t += op(0xd9).mem().ext(4).rm(kR);                            // fldenv
  t += op(0xd9).mem().ext(5).rm(kR);                            // fldcw
  t += op(0xd9).mem().ext(6).rm(kW).special(Special::kX87Env);  // fnstenv
  t += op(0xd9).mem().ext(7).rm(kW);                            // fnstcw
  t += stack(0xd9, 0b0000'0011);                                // fld, fxch
  t += fpu(0xd9).byte(0xd0);                                    // fnop
  t += stack(0xd9, 0b0000'1000);                                // fstpnce
  for (u8 modrm : {0xe0, 0xe1, 0xe4, 0xe5, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee}) {
    t += fpu(0xd9).byte(modrm);  // fchs, fabs, ftst, fxam, constants
  }
  t += stack(0xd9, 0b1100'0000);  // f2xm1 .. fcos

  t += load(0xda, 0xff);                                    // fiadd... m32
  t += stack(0xda, 0b0000'0001).flags(Fx::kReadCarry);      // fcmovb
  t += stack(0xda, 0b0000'0010).flags(Fx::kReadZero);       // fcmove
  t += stack(0xda, 0b0000'0100).flags(Fx::kReadZeroCarry);  // fcmovbe
  t += stack(0xda, 0b0000'1000).flags(Fx::kReadParity);     // fcmovu
  t += fpu(0xda).byte(0xe9);                                // fucompp

  t += load(0xdb, 0b0010'0001);                             // fild m32, fld m80
  t += store(0xdb, 0b1000'1110);                            // fisttp, fist, fistp m32, fstp m80
  t += stack(0xdb, 0b0000'0001).flags(Fx::kReadCarry);      // fcmovnb
  t += stack(0xdb, 0b0000'0010).flags(Fx::kReadZero);       // fcmovne
  t += stack(0xdb, 0b0000'0100).flags(Fx::kReadZeroCarry);  // fcmovnbe
  t += stack(0xdb, 0b0000'1000).flags(Fx::kReadParity);     // fcmovnu
  for (u8 modrm : {0xe0, 0xe1, 0xe2, 0xe3, 0xe4}) {
    t += op(0xdb).byte(modrm);  // fneni, fndisi, fnclex, fninit, fnsetpm
  }
  t += stack(0xdb, 0b0110'0000).flags(Fx::kX87Compare);  // fucomi, fcomi

  t += load(0xdc, 0xff);  // fadd... m64
  t += stack(0xdc, 0xff);

  t += load(0xdd, 0b0000'0001);                                 // fld m64
  t += store(0xdd, 0b0000'1110);                                // fisttp, fst, fstp m64
  t += op(0xdd).mem().ext(4).rm(kR);                            // frstor
  t += op(0xdd).mem().ext(6).rm(kW).special(Special::kX87Env);  // fnsave
  t += op(0xdd).mem().ext(7).rm(kW);                            // fnstsw
  t += stack(0xdd, 0b0011'1111);  // ffree, fxch, fst, fstp, fucom, fucomp

  t += load(0xde, 0xff);  // fiadd... m16
  t += stack(0xde, 0b1111'0111);
  t += fpu(0xde).byte(0xd9);  // fcompp

  t += load(0xdf, 0b0011'0001);                  // fild m16, fbld, fild m64
  t += store(0xdf, 0b1100'1110);                 // fisttp, fist, fistp m16, fbstp, fistp m64
  t += stack(0xdf, 0b0000'1111);                 // ffreep, fxch, fstp
  t += op(0xdf).byte(0xe0).regs(Imp::kWriteAl);  // fnstsw ax
  t += stack(0xdf, 0b0110'0000).flags(Fx::kX87Compare);  // fucomip, fcomip
}

}  // namespace tiptoe::x86::rules
