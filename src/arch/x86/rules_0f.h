// The two- and three-byte opcodes of the legacy encoding: 0f, 0f 38, 0f 3a, and 3DNow!.
#pragma once

#include "arch/x86/rule.h"

namespace tiptoe::x86::rules {

template <typename Table>
constexpr void system_0f_rules(Sink<Table> t) {
  t += op(0x00).exts(0b0000'0011).rm(kWv);                    // sldt, str
  t += op(0x00).exts(0b0000'1100).rm(kRw).privileged();       // lldt, ltr
  t += op(0x00).exts(0b0011'0000).rm(kRw).flags(Fx::kZero);   // verr, verw
  t += op(0x01).mem().exts(0b0000'0011).rm(kW);               // sgdt, sidt
  t += op(0x01).mem().exts(0b0000'1100).rm(kR).privileged();  // lgdt, lidt
  t += op(0x01).ext(4).rm(kWv);                               // smsw
  // rstorssp
  t += op(0x01).mem().ext(5).when(kF3).rm(kRW).flags(Fx::kAllSet).special(Special::kRdssp);
  t += op(0x01).ext(6).rm(kRw).privileged();            // lmsw
  t += op(0x01).mem().ext(7).rm(kUnused).privileged();  // invlpg
  t += op(0x01).byte(0xc0).when(kBare).privileged();    // enclv
  t += op(0x01).byte(0xc1).when(kBare).opaque();        // vmcall
  for (u8 modrm : {0xc2, 0xc3, 0xc4, 0xc5, 0xcf, 0xd1}) {
    t += op(0x01).byte(modrm).when(kBare).privileged();  // vmlaunch.., pconfig, encls, xsetbv
  }
  t += op(0x01).byte(0xc8).when(kBare).regs(Imp::kReadAcd).flow(Flow::kPrivileged);  // monitor
  t += op(0x01).byte(0xc9).when(kBare).regs(Imp::kReadAc).flow(Flow::kPrivileged);   // mwait
  t += op(0x01).byte(0xca).when(kBare).flags(Fx::kAlign).flow(Flow::kPrivileged);    // clac
  t += op(0x01).byte(0xcb).when(kBare).flags(Fx::kAlign).flow(Flow::kPrivileged);    // stac
  t += op(0x01).byte(0xcc).when(k66).privileged();                                   // tdcall
  for (u8 modrm : {0xcd, 0xce, 0xcf}) {
    t += op(0x01).byte(modrm).when(k66).only64().privileged();  // Intel TDX
  }
  t += op(0x01).byte(0xd0).when(kBare).regs(Imp::kReadCWriteAd).special(Special::kXgetbv);
  t += op(0x01).byte(0xd4).when(kBare).opaque();            // vmfunc
  t += op(0x01).byte(0xd5).when(kBare);                     // xend
  t += op(0x01).byte(0xd6).when(kBare).flags(Fx::kAllSet);  // xtest
  t += op(0x01).byte(0xd7).when(kBare).opaque();            // enclu
  t += op(0x01).byte(0xd9).opaque();                        // vmmcall
  for (u8 modrm : {0xd8, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf}) {
    t += op(0x01).byte(modrm).privileged();  // AMD SVM
  }
  t += op(0x01).byte(0xe8).when(kBare);                                      // serialize
  t += op(0x01).byte(0xe8).when(kF3).privileged().special(Special::kRdssp);  // setssbsy
  t += op(0x01).byte(0xe8).when(kF2);                                        // xsusldtrk
  t += op(0x01).byte(0xe9).when(kF2);                                        // xresldtrk
  // saveprevssp
  t += op(0x01).byte(0xea).when(kF3).opaque().special(Special::kRdssp);
  t += op(0x01).byte(0xec).when(kF3).only64().flow(Flow::kIret).opaque();  // uiret
  t += op(0x01).byte(0xed).when(kF3).only64().flags(Fx::kAllSet);          // testui
  t += op(0x01).byte(0xee).when(kF3).only64();                             // clui
  t += op(0x01).byte(0xef).when(kF3).only64();                             // stui
  t += op(0x01).byte(0xee).when(kBare).regs(Imp::kReadCWriteAd);           // rdpkru
  t += op(0x01).byte(0xef).when(kBare).regs(Imp::kReadAcd);                // wrpkru
  t += op(0x01).byte(0xf8).when(kAnyPp).only64().privileged();             // swapgs
  t += op(0x01).byte(0xf9).when(kAnyPp).regs(Imp::kRdtscp).special(Special::kRdtsc);
  t += op(0x01).byte(0xfa).when(kBare).regs(Imp::kReadAcd);                 // monitorx
  t += op(0x01).byte(0xfa).when(kF3).privileged();                          // mcommit
  t += op(0x01).byte(0xfb).when(kBare).opaque();                            // mwaitx
  t += op(0x01).byte(0xfc).regs(Imp::kReadA).with(kWritesMem);              // clzero
  t += op(0x01).byte(0xfd).regs(Imp::kReadCWriteAd).flags(Fx::kUndefined);  // rdpru
  t += op(0x01).byte(0xfe).when(kBare).privileged();                        // invlpgb
  t += op(0x01).byte(0xfe).when(kF3 | kF2).only64().privileged();           // rmpadjust, rmpupdate
  t += op(0x01).byte(0xff).when(kBare | kF2).privileged();                  // tlbsync, pvalidate
  t += op(0x01).byte(0xff).when(kF3).only64().privileged();                 // psmash
  t += op(0x02).reg(kCv).rm(kRw).flags(Fx::kZero);                          // lar
  t += op(0x03).reg(kCv).rm(kRw).flags(Fx::kZero);                          // lsl
  t += op(0x05).only64().flow(Flow::kSyscall).opaque();
  t += op(0x05).only32().flow(Flow::kSyscall).opaque();  // AMD
  for (u8 opcode : {0x06, 0x07, 0x08, 0x09, 0x30, 0x32, 0x35, 0xaa}) {
    t += op(opcode).privileged();  // clts, sysret, invd, wbinvd, wrmsr, rdmsr, sysexit, rsm
  }
  t += op(0x0b).flow(Flow::kTrap).opaque().with(kUndefinedOp);  // ud2
  t += op(0x0d).exts(0xff).mem().rm(kUnused);                   // prefetch, prefetchw
  t += op(0x0d).exts(0xff).mod3();
  t += op(0x0e);                             // femms
  t += op(0x20, 0x23).rm(kRy).privileged();  // mov cr, dr
  t += op(0x31).regs(Imp::kRdtsc).special(Special::kRdtsc);
  t += op(0x33).regs(Imp::kReadCWriteAd);  // rdpmc
  t += op(0x34).flow(Flow::kSysenter).opaque();
  t += op(0x37).when(kBare).opaque();                        // getsec
  t += op(0x78).when(kBare).rm(kRWy).reg(kRy).privileged();  // vmread
  t += op(0x79).when(kBare).reg(kRy).rm(kRy).privileged();   // vmwrite
  t += op(0xa2).regs(Imp::kCpuid).special(Special::kCpuid);
  t += op(0xc7).mem().ext(6).when(kBare | k66 | kF3).privileged();  // vmptrld, vmclear, vmxon
  t += op(0xc7).mem().ext(7).when(kBare).privileged();              // vmptrst
}

// Instructions on general-purpose registers.
template <typename Table>
constexpr void integer_0f_rules(Sink<Table> t) {
  constexpr u32 pushes = kDefault64 | kWritesMem, pops = kDefault64 | kReadsMem;

  // The hint space: prefetch, endbr, nop. rdssp is a nop where shadow stacks are off.
  t += op(0x1e).ext(1).mod3().when(kF3).rm(kCy).special(Special::kRdssp);
  t += op(0x1a).when(k66).rm(kR);             // bndmov
  t += op(0x1a).when(kF3 | kF2).rm(kRy);      // bndcl, bndcu
  t += op(0x1a).when(kBare).mem().rm(kR);     // bndldx
  t += op(0x1b).when(k66).rm(kW);             // bndmov
  t += op(0x1b).when(kF3).mem().rm(kUnused);  // bndmk
  t += op(0x1b).when(kF2).rm(kRy);            // bndcn
  t += op(0x1b).when(kBare).mem().rm(kW);     // bndstx
  t += op(0x18, 0x1f).rm(kUnused);

  t += op(0x40, 0x4f).reg(kCv).rm(kRv).with(kCondition);  // cmovcc
  t += op(0x80, 0x8f).imm(Imm::kRelZ).flow(Flow::kJcc).with(kCondition);
  t += op(0x90, 0x9f).rm(kWb).with(kCondition);  // setcc
  t += op(0xa0).regs(Imp::kStack).with(pushes).special(Special::kPushSeg);
  t += op(0xa8).regs(Imp::kStack).with(pushes).special(Special::kPushSeg);
  t += op(0xa1).regs(Imp::kStack).with(pops).special(Special::kPopSeg);
  t += op(0xa9).regs(Imp::kStack).with(pops).special(Special::kPopSeg);
  t += op(0xa3).rm(kRv).reg(kRv).flags(Fx::kBit);              // bt
  t += op(0xab).rm(kRWv).reg(kRv).flags(Fx::kBit).lockable();  // bts
  t += op(0xb3).rm(kRWv).reg(kRv).flags(Fx::kBit).lockable();  // btr
  t += op(0xbb).rm(kRWv).reg(kRv).flags(Fx::kBit).lockable();  // btc
  t += op(0xba).ext(4).rm(kRv).imm(Imm::k8).flags(Fx::kBit);
  t += op(0xba).exts(0b1110'0000).rm(kRWv).imm(Imm::k8).flags(Fx::kBit).lockable();
  t += op(0xa4).rm(kRWv).reg(kRv).imm(Imm::k8).flags(Fx::kShift).with(kShiftImm);  // shld
  t += op(0xa5).rm(kRWv).reg(kRv).regs(Imp::kReadC).flags(Fx::kShift);
  t += op(0xac).rm(kRWv).reg(kRv).imm(Imm::k8).flags(Fx::kShift).with(kShiftImm);  // shrd
  t += op(0xad).rm(kRWv).reg(kRv).regs(Imp::kReadC).flags(Fx::kShift);
  t += op(0xaf).reg(kRWv).rm(kRv).flags(Fx::kMul);  // imul
  t += op(0xb0).rm(kRCb).reg(kRb).regs(Imp::kCmpxchg).flags(Fx::kArith).lockable();
  t += op(0xb1).rm(kRCv).reg(kRv).regs(Imp::kCmpxchg).flags(Fx::kArith).lockable();
  t += op(0xb2).mem().reg(kWv).rm(kR).special(Special::kLoadFarPtr);        // lss
  t += op(0xb4, 0xb5).mem().reg(kWv).rm(kR).special(Special::kLoadFarPtr);  // lfs, lgs
  t += op(0xb6).reg(kWv).rm(kRb);                                           // movzx
  t += op(0xb7).reg(kWv).rm(kRw);
  t += op(0xbe).reg(kWv).rm(kRb);  // movsx
  t += op(0xbf).reg(kWv).rm(kRw);
  t += op(0xb8).when(kF3).reg(kWv).rm(kRv).flags(Fx::kAllSet);                   // popcnt
  t += op(0xb9).reg(kRv).rm(kRv).flow(Flow::kTrap).opaque().with(kUndefinedOp);  // ud1
  t += op(0xff).reg(kRv).rm(kRv).flow(Flow::kTrap).opaque().with(kUndefinedOp);  // ud0
  // tzcnt and lzcnt are bsf and bsr on processors without BMI: no more is promised than those do.
  t += op(0xbc, 0xbd).reg(kCv).rm(kRv).flags(Fx::kBitScan);
  t += op(0xc0).rm(kRWb).reg(kRWb).flags(Fx::kArith).lockable();  // xadd
  t += op(0xc1).rm(kRWv).reg(kRWv).flags(Fx::kArith).lockable();
  t += op(0xc3).when(kBare).mem().rm(kW).reg(kRy);  // movnti
  t += op(0xc7).mem().ext(1).rm(kRW).regs(Imp::kCmpxchg8b).flags(Fx::kZero).lockable();
  t += op(0xc7).mod3().ext(6).when(kBare | k66).rm(kWv).flags(Fx::kAllSet);  // rdrand
  t += op(0xc7).mod3().ext(7).when(kBare | k66).rm(kWv).flags(Fx::kAllSet);  // rdseed
  t += op(0xc7).mod3().ext(7).when(kF3).rm(kWy).special(Special::kRdpid);
  t += op(0xc7).mod3().ext(6).when(kF3).only64().rm(kRy);  // senduipi
  t += op(0xc8, 0xcf).low3(kRWv);                          // bswap
}

// State components: fxsave, xsave, segment bases, waits, cache lines, shadow stack.
template <typename Table>
constexpr void state_0f_rules(Sink<Table> t) {
  t += op(0xae).mem().ext(0).when(kBare).rm(kW).special(Special::kXsave);  // fxsave
  t += op(0xae).mem().ext(1).when(kBare).rm(kR);                           // fxrstor
  t += op(0xae).mem().ext(2).when(kBare).rm(kR);                           // ldmxcsr
  t += op(0xae).mem().ext(3).when(kBare).rm(kW);                           // stmxcsr
  t += op(0xae).mem().ext(4).when(kBare).rm(kRW).regs(Imp::kReadAd).special(Special::kXsave);
  t += op(0xae).mem().ext(5).when(kBare).rm(kR).regs(Imp::kReadAd);  // xrstor
  t += op(0xae).mem().ext(6).when(kBare).rm(kRW).regs(Imp::kReadAd).special(Special::kXsave);
  t += op(0xae).mem().ext(7).when(kBare | k66).rm(kR);  // clflush, clflushopt: fault like loads
  t += op(0xae).mem().ext(6).when(k66).rm(kR);          // clwb
  t += op(0xae).mem().ext(6).when(kF3).rm(kRW).flags(Fx::kAllSet).flow(Flow::kPrivileged);
  t += op(0xae).ext(4).when(kF3).rm(kRy);              // ptwrite
  t += op(0xae).mod3().exts(0b1110'0000).when(kBare);  // lfence, mfence, sfence
  t += op(0xae).mod3().ext(0).when(kF3).only64().rm(kWy).special(Special::kRdFsBase);
  t += op(0xae).mod3().ext(1).when(kF3).only64().rm(kWy).special(Special::kRdGsBase);
  t += op(0xae).mod3().ext(2).when(kF3).only64().rm(kRy).special(Special::kWrFsBase);
  t += op(0xae).mod3().ext(3).when(kF3).only64().rm(kRy).special(Special::kWrGsBase);
  t += op(0xae).mod3().ext(5).when(kF3).rm(kRy).special(Special::kRdssp).with(kReadsMem);  // incssp
  t += op(0xae).mod3().ext(6).when(kF3).rm(kRy);  // umonitor
  t += op(0xae).mod3().ext(6).when(kF2 | k66).rm(kRy).regs(Imp::kReadAd).flags(Fx::kAllSet);
  // xrstors
  t += op(0xc7).mem().ext(3).when(kBare).rm(kR).regs(Imp::kReadAd).flow(Flow::kPrivileged);
  t += op(0xc7).mem().ext(4).when(kBare).rm(kW).regs(Imp::kReadAd).special(Special::kXsave);
  // xsaves
  t += op(0xc7).mem().ext(5).when(kBare).rm(kW).privileged();  // xsaves
  // VIA PadLock: rep xcrypt and the like.
  constexpr u32 stores = kReadsMem | kWritesMem;
  t += op(0xa6, 0xa7).when(kF3).byte(0xc0).opaque().with(stores);
  t += op(0xa7).when(kBare | k66).byte(0xc0).opaque().with(stores);
  for (u8 modrm : {0xc8, 0xd0}) t += op(0xa6, 0xa7).when(kF3).byte(modrm).opaque().with(stores);
  for (u8 modrm : {0xd8, 0xe0, 0xe8}) t += op(0xa7).when(kF3).byte(modrm).opaque().with(stores);
}

// MMX and SSE. What is not a general-purpose register counts only as memory.
template <typename Table>
constexpr void sse_0f_rules(Sink<Table> t) {
  constexpr u8 kPacked = kBare | k66, kScalar = kF3 | kF2;
  t += op(0x10).when(kAnyPp).rm(kR);  // movups, movss...
  t += op(0x11).when(kAnyPp).rm(kW);
  t += op(0x12).when(kBare | kScalar).rm(kR);  // movlps, movhlps, movddup, movsldup
  t += op(0x12).when(k66).mem().rm(kR);        // movlpd
  t += op(0x13).when(kPacked).mem().rm(kW);
  t += op(0x14, 0x15).when(kPacked).rm(kR);  // unpcklps...
  t += op(0x16).when(kBare | kF3).rm(kR);    // movhps, movlhps, movshdup
  t += op(0x16).when(k66).mem().rm(kR);      // movhpd
  t += op(0x17).when(kPacked).mem().rm(kW);
  t += op(0x28).when(kPacked).rm(kR);  // movaps
  t += op(0x29).when(kPacked).rm(kW);
  t += op(0x2a).when(kPacked).rm(kR);                           // cvtpi2ps
  t += op(0x2a).when(kScalar).rm(kRy);                          // cvtsi2ss
  t += op(0x2b).when(kAnyPp).mem().rm(kW);                      // movntps, movntss
  t += op(0x2c, 0x2d).when(kPacked).rm(kR);                     // cvtps2pi
  t += op(0x2c, 0x2d).when(kScalar).reg(kWy).rm(kR);            // cvtss2si
  t += op(0x2e, 0x2f).when(kPacked).rm(kR).flags(Fx::kAllSet);  // comiss
  t += op(0x50).when(kPacked).mod3().reg(kWy);                  // movmskps
  t += op(0x51).when(kAnyPp).rm(kR);                            // sqrt
  t += op(0x52, 0x53).when(kBare | kF3).rm(kR);                 // rsqrt, rcp
  t += op(0x54, 0x57).when(kPacked).rm(kR);                     // and, andn, or, xor
  t += op(0x58, 0x5a).when(kAnyPp).rm(kR);                      // add, mul, cvt
  t += op(0x5b).when(kPacked | kF3).rm(kR);                     // cvtdq2ps
  t += op(0x5c, 0x5f).when(kAnyPp).rm(kR);                      // sub, min, div, max
  t += op(0x60, 0x6b).when(kPacked).rm(kR);                     // punpck..., packssdw
  t += op(0x6c, 0x6d).when(k66).rm(kR);
  t += op(0x6e).when(kPacked).rm(kRy);                                      // movd
  t += op(0x6f).when(kPacked | kF3).rm(kR);                                 // movq, movdqa
  t += op(0x70).when(kAnyPp).rm(kR).imm(Imm::k8);                           // pshufw...
  t += op(0x71, 0x72).when(kPacked).mod3().exts(0b0101'0100).imm(Imm::k8);  // psrlw...
  t += op(0x73).when(kPacked).mod3().exts(0b0100'0100).imm(Imm::k8);
  t += op(0x73).when(k66).mod3().exts(0b1000'1000).imm(Imm::k8);
  t += op(0x74, 0x76).when(kPacked).rm(kR);                // pcmpeq
  t += op(0x77).when(kBare);                               // emms
  t += op(0x78).when(k66).mod3().ext(0).imm(Imm::k8And8);  // extrq
  t += op(0x78).when(kF2).mod3().imm(Imm::k8And8);         // insertq
  t += op(0x79).when(k66 | kF2).mod3();
  t += op(0x7c, 0x7d).when(k66 | kF2).rm(kR);  // haddps
  t += op(0x7e).when(kPacked).rm(kWy);         // movd
  t += op(0x7e).when(kF3).rm(kR);              // movq
  t += op(0x7f).when(kPacked | kF3).rm(kW);
  t += op(0xc2).when(kAnyPp).rm(kR).imm(Imm::k8);                          // cmpps
  t += op(0xc4).when(kPacked).rm(kRy).imm(Imm::k8);                        // pinsrw
  t += op(0xc5).when(kPacked).mod3().reg(kWy).imm(Imm::k8);                // pextrw
  t += op(0xc6).when(kPacked).rm(kR).imm(Imm::k8);                         // shufps
  t += op(0xd0).when(k66 | kF2).rm(kR);                                    // addsubps
  t += op(0xd6).when(k66).rm(kW);                                          // movq
  t += op(0xd6).when(kScalar).mod3();                                      // movq2dq, movdq2q
  t += op(0xd7).when(kPacked).mod3().reg(kWy);                             // pmovmskb
  t += op(0xe6).when(k66 | kScalar).rm(kR);                                // cvtpd2dq
  t += op(0xe7).when(kPacked).mem().rm(kW);                                // movntq
  t += op(0xf0).when(kF2).mem().rm(kR);                                    // lddqu
  t += op(0xf7).when(kPacked).mod3().regs(Imp::kReadDi).with(kWritesMem);  // maskmovq
  for (auto [first, last] :
       {Range{0xd1, 0xd5}, {0xd8, 0xe5}, {0xe8, 0xef}, {0xf1, 0xf6}, {0xf8, 0xfe}}) {
    t += op(first, last).when(kPacked).rm(kR);  // psrlw .. paddd
  }
}

template <typename Table>
constexpr void legacy_0f38_rules(Sink<Table> t) {
  constexpr u8 kPacked = kBare | k66;
  t += op(0x00, 0x0b).when(kPacked).rm(kR);           // pshufb .. pmulhrsw
  t += op(0x10).when(k66).rm(kR);                     // pblendvb
  t += op(0x14, 0x15).when(k66).rm(kR);               // blendvps
  t += op(0x17).when(k66).rm(kR).flags(Fx::kAllSet);  // ptest
  t += op(0x1c, 0x1e).when(kPacked).rm(kR);           // pabs
  t += op(0x20, 0x25).when(k66).rm(kR);               // pmovsx
  t += op(0x28, 0x29).when(k66).rm(kR);
  t += op(0x2a).when(k66).mem().rm(kR);  // movntdqa
  t += op(0x2b).when(k66).rm(kR);
  t += op(0x30, 0x35).when(k66).rm(kR);
  t += op(0x37, 0x41).when(k66).rm(kR);
  t += op(0x80, 0x82).when(k66).mem().reg(kRy).rm(kR).privileged();  // invept, invvpid, invpcid
  t += op(0xc8, 0xcd).when(kBare).rm(kR);                            // sha
  t += op(0xcf).when(k66).rm(kR);                                    // gf2p8mulb
  t += op(0xd8).when(kF3).mem().exts(0b0000'1111).rm(kR).flags(Fx::kAllSet);  // aesencwide
  t += op(0xdc).when(kF3).mod3().privileged();                                // loadiwkey
  t += op(0xdc, 0xdf).when(kF3).mem().rm(kR).flags(Fx::kAllSet);              // aesenc128kl...
  t += op(0xdb, 0xdf).when(k66).rm(kR);                                       // aes
  t += op(0xf0).when(kF2).reg(kRWy).rm(kRb);                                  // crc32
  t += op(0xf1).when(kF2).reg(kRWy).rm(kRv);
  t += op(0xf0).when(kPacked).mem().reg(kWv).rm(kR);  // movbe
  t += op(0xf1).when(kPacked).mem().rm(kW).reg(kRv);
  t += op(0xf5).when(k66).mem().rm(kW).reg(kRy).privileged();                         // wruss
  t += op(0xf6).when(kBare).mem().rm(kW).reg(kRy).special(Special::kRdssp);           // wrss
  t += op(0xf6).when(k66).reg(kRWy).rm(kRy).flags(Fx::kCarry);                        // adcx
  t += op(0xf6).when(kF3).reg(kRWy).rm(kRy).flags(Fx::kOverflow);                     // adox
  t += op(0xf8).when(k66).mem().reg(kRy).rm(kR).with(kWritesMem);                     // movdir64b
  t += op(0xf8).when(kF2).mem().reg(kRy).rm(kR).with(kWritesMem).flags(Fx::kAllSet);  // enqcmd
  t += op(0xf8).when(kF3).mem().reg(kRy).rm(kR).privileged();                         // enqcmds
  t += op(0xf9).when(kBare).mem().rm(kW).reg(kRy);                                    // movdiri
  t += op(0xfa).when(kF3).mod3().reg(kWy).rm(kRy).flags(Fx::kAllSet);  // encodekey128
  t += op(0xfb).when(kF3).mod3().reg(kWy).rm(kRy).flags(Fx::kAllSet);  // encodekey256
}

template <typename Table>
constexpr void legacy_0f3a_rules(Sink<Table> t) {
  auto sse = [](u8 first, u8 last) { return op(first, last).when(k66).imm(Imm::k8); };
  t += op(0x0f).when(kBare | k66).rm(kR).imm(Imm::k8);  // palignr
  t += sse(0x08, 0x0f).rm(kR);                          // round, blend
  t += sse(0x14, 0x17).rm(kWy);                         // pextrb, pextrw, pextrd, extractps
  t += sse(0x20, 0x20).rm(kRy);                         // pinsrb
  t += sse(0x21, 0x21).rm(kR);                          // insertps
  t += sse(0x22, 0x22).rm(kRy);                         // pinsrd
  t += sse(0x40, 0x42).rm(kR);                          // dpps, dppd, mpsadbw
  t += sse(0x44, 0x44).rm(kR);                          // pclmulqdq
  t += sse(0x60, 0x60).rm(kR).regs(Imp::kEstrm).flags(Fx::kAllSet);
  t += sse(0x61, 0x61).rm(kR).regs(Imp::kEstri).flags(Fx::kAllSet);
  t += sse(0x62, 0x62).rm(kR).flags(Fx::kAllSet);
  t += sse(0x63, 0x63).rm(kR).regs(Imp::kIstri).flags(Fx::kAllSet);
  t += op(0xcc).when(kBare).rm(kR).imm(Imm::k8);                 // sha1rnds4
  t += sse(0xce, 0xcf).rm(kR);                                   // gf2p8affine
  t += sse(0xdf, 0xdf).rm(kR);                                   // aeskeygenassist
  t += op(0xf0).when(kF3).byte(0xc0).imm(Imm::k8).privileged();  // hreset
}

// 3DNow!: the opcode stands where an immediate would.
template <typename Table>
constexpr void amd_3dnow_rules(Sink<Table> t) {
  for (u8 opcode : {0x0c, 0x0d, 0x1c, 0x1d, 0x8a, 0x8e, 0x90, 0x94, 0x96, 0x97, 0x9a, 0x9e,
                    0xa0, 0xa4, 0xa6, 0xa7, 0xaa, 0xae, 0xb0, 0xb4, 0xb6, 0xb7, 0xbb, 0xbf}) {
    t += op(opcode).rm(kR);
  }
}

}  // namespace tiptoe::x86::rules
