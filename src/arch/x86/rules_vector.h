// VEX, EVEX and XOP opcodes. Most touch no general-purpose register but the memory operand's base
// and index, so that a line need only say that an opcode exists and whether it loads or stores.
// Vector length, masks and W are not judged: whether such a combination is #UD is left to the
// processor.
#pragma once

#include "arch/x86/rule.h"

namespace tiptoe::x86::rules {

constexpr u8 kPacked = kBare | k66, kScalar = kF3 | kF2;

// A group of opcodes that only load, and their prefixes.
struct Loads {
  Range range;
  u8 prefixes;
};

template <typename Table, unsigned N>
constexpr void loads(Sink<Table>& t, const Loads (&groups)[N], Imm imm = Imm::kNone) {
  for (const Loads& g : groups) {
    t += op(g.range.first, g.range.last).when(g.prefixes).rm(kR).imm(imm);
  }
}

// What VEX and EVEX share of map 0f.
template <typename Table>
constexpr void vector_0f_rules(Sink<Table>& t) {
  t += op(0x11).when(kAnyPp).rm(kW);  // vmovups, vmovss
  for (u8 opcode : {0x13, 0x17, 0x29, 0x2b}) t += op(opcode).when(kPacked).rm(kW);
  t += op(0x2a).when(kScalar).rm(kRy);                          // vcvtsi2ss
  t += op(0x2c, 0x2d).when(kScalar).reg(kWy).rm(kR);            // vcvtss2si
  t += op(0x2e, 0x2f).when(kPacked).rm(kR).flags(Fx::kAllSet);  // vucomiss
  t += op(0x6e).when(k66).rm(kRy);                              // vmovd
  t += op(0x7e).when(k66).rm(kWy);
  t += op(0x7e).when(kF3).rm(kR);                         // vmovq
  t += op(0x70).when(k66 | kScalar).rm(kR).imm(Imm::k8);  // vpshufd
  t += op(0x71, 0x73).when(k66).rm(kR).imm(Imm::k8);      // vpsrlw...
  t += op(0xc2).when(kAnyPp).rm(kR).imm(Imm::k8);         // vcmpps
  t += op(0xc4).when(k66).rm(kRy).imm(Imm::k8);           // vpinsrw
  t += op(0xc5).when(k66).mod3().reg(kWy).imm(Imm::k8);   // vpextrw
  t += op(0xc6).when(kPacked).rm(kR).imm(Imm::k8);        // vshufps
  t += op(0xd6).when(k66).rm(kW);                         // vmovq
  t += op(0xe7).when(k66).mem().rm(kW);                   // vmovntdq
  loads(t, {{{0x10, 0x10}, kAnyPp},
            {{0x12, 0x12}, kAnyPp},
            {{0x14, 0x15}, kPacked},
            {{0x16, 0x16}, kPacked | kF3},
            {{0x28, 0x28}, kPacked},
            {{0x51, 0x51}, kAnyPp},
            {{0x54, 0x57}, kPacked},
            {{0x58, 0x5a}, kAnyPp},
            {{0x5b, 0x5b}, kPacked | kF3},
            {{0x5c, 0x5f}, kAnyPp},
            {{0x60, 0x6d}, k66},
            {{0x74, 0x76}, k66},
            {{0xd1, 0xd5}, k66},
            {{0xd8, 0xe5}, k66},
            {{0xe6, 0xe6}, k66 | kScalar},
            {{0xe8, 0xef}, k66},
            {{0xf1, 0xf6}, k66},
            {{0xf8, 0xfe}, k66}});
}

template <typename Table>
constexpr void vex_0f_rules(Sink<Table> t) {
  vector_0f_rules(t);
  t += op(0x41, 0x42).when(kPacked).mod3();      // kand, kandn
  t += op(0x44, 0x47).when(kPacked).mod3();      // knot .. kxor
  t += op(0x4a, 0x4b).when(kPacked).mod3();      // kadd, kunpck
  t += op(0x50).when(kPacked).mod3().reg(kWy);   // vmovmskps
  t += op(0x52, 0x53).when(kBare | kF3).rm(kR);  // vrsqrt, vrcp
  t += op(0x6f).when(k66 | kF3).rm(kR);          // vmovdqa
  t += op(0x77).when(kBare);                     // vzeroupper, vzeroall
  t += op(0x7c, 0x7d).when(k66 | kF2).rm(kR);    // vhaddps
  t += op(0x7f).when(k66 | kF3).rm(kW);
  t += op(0x90).when(kPacked).rm(kR);  // kmov
  t += op(0x91).when(kPacked).mem().rm(kW);
  t += op(0x92).when(kPacked | kF2).mod3().rm(kRy);
  t += op(0x93).when(kPacked | kF2).mod3().reg(kWy);
  t += op(0x98, 0x99).when(kPacked).mod3().flags(Fx::kAllSet);         // kortest, ktest
  t += op(0xae).when(kBare).mem().ext(2).rm(kR);                       // vldmxcsr
  t += op(0xae).when(kBare).mem().ext(3).rm(kW);                       // vstmxcsr
  t += op(0xd0).when(k66 | kF2).rm(kR);                                // vaddsubps
  t += op(0xd7).when(k66).mod3().reg(kWy);                             // vpmovmskb
  t += op(0xf0).when(kF2).mem().rm(kR);                                // vlddqu
  t += op(0xf7).when(k66).mod3().regs(Imp::kReadDi).with(kWritesMem);  // vmaskmovdqu
}

template <typename Table>
constexpr void vex_0f38_rules(Sink<Table> t) {
  t += op(0x0e, 0x0f).when(k66).rm(kR).flags(Fx::kAllSet);  // vtestps
  t += op(0x17).when(k66).rm(kR).flags(Fx::kAllSet);        // vptest
  t += op(0x2e, 0x2f).when(k66).mem().rm(kW);               // vmaskmovps
  t += op(0x8e).when(k66).mem().rm(kW);                     // vpmaskmovd
  t += op(0x90, 0x93).when(k66).mem().rm(kR).with(kVsib);   // vpgatherdd...
  t += op(0x49).when(kBare).mem().rm(kR);                   // ldtilecfg
  t += op(0x49).when(k66).mem().rm(kW);                     // sttilecfg
  t += op(0x49).when(kBare | kF2).mod3();                   // tilerelease, tilezero
  t += op(0x4b).when(k66 | kF2).mem().rm(kR);               // tileloadd
  t += op(0x4b).when(kF3).mem().rm(kW);                     // tilestored
  t += op(0x5c).when(kF3).mod3();                           // tdpbf16ps
  t += op(0x5e).when(kAnyPp).mod3();                        // tdpbssd
  t += op(0xe0, 0xef).when(k66).mem().rm(kRW).reg(kRWy).vvvv(kRy).flags(Fx::kArith);  // cmpccxadd
  t += op(0xf2).when(kBare).reg(kWy).vvvv(kRy).rm(kRy).flags(Fx::kAndn);              // andn
  t += op(0xf3).when(kBare).exts(0b0000'1110).vvvv(kWy).rm(kRy).flags(Fx::kAndn);  // blsr, blsmsk,
                                                                                   // blsi
  t += op(0xf5).when(kBare).reg(kWy).rm(kRy).vvvv(kRy).flags(Fx::kAndn);           // bzhi
  t += op(0xf5).when(kScalar).reg(kWy).vvvv(kRy).rm(kRy);                          // pext, pdep
  t += op(0xf6).when(kF2).reg(kWy).vvvv(kWy).rm(kRy).regs(Imp::kReadD);            // mulx
  t += op(0xf7).when(kBare).reg(kWy).rm(kRy).vvvv(kRy).flags(Fx::kBextr);          // bextr
  t += op(0xf7).when(k66 | kScalar).reg(kWy).rm(kRy).vvvv(kRy);  // shlx, sarx, shrx
  loads(t, {{{0x00, 0x0d}, k66},
            {{0x13, 0x13}, k66},
            {{0x16, 0x16}, k66},
            {{0x18, 0x1a}, k66},
            {{0x1c, 0x1e}, k66},
            {{0x20, 0x25}, k66},
            {{0x28, 0x2d}, k66},
            {{0x30, 0x41}, k66},
            {{0x45, 0x47}, k66},
            {{0x50, 0x53}, k66},
            {{0x58, 0x5a}, k66},
            {{0x78, 0x79}, k66},
            {{0x8c, 0x8c}, k66},
            {{0x96, 0x9f}, k66},
            {{0xa6, 0xaf}, k66},
            {{0xb6, 0xbf}, k66},
            {{0xcf, 0xcf}, k66},
            {{0xdb, 0xdf}, k66}});
  // AVX-VNNI-INT8/16, AVX-NE-CONVERT, AVX-IFMA, SHA512, SM3, SM4.
  loads(t, {{{0x50, 0x51}, kBare | kScalar},
            {{0xd2, 0xd3}, kPacked | kF3},
            {{0xb0, 0xb0}, kAnyPp},
            {{0xb1, 0xb1}, k66 | kF3},
            {{0x72, 0x72}, kF3},
            {{0xb4, 0xb5}, k66},
            {{0xcb, 0xcd}, kF2},
            {{0xda, 0xda}, kAnyPp}});
}

template <typename Table>
constexpr void vex_0f3a_rules(Sink<Table> t) {
  auto avx = [](u8 first, u8 last) { return op(first, last).when(k66).imm(Imm::k8); };
  t += avx(0x14, 0x17).rm(kWy);  // vpextrb .. vextractps
  t += avx(0x19, 0x19).rm(kW);   // vextractf128
  t += avx(0x1d, 0x1d).rm(kW);   // vcvtps2ph
  t += avx(0x39, 0x39).rm(kW);   // vextracti128
  t += avx(0x20, 0x20).rm(kRy);  // vpinsrb
  t += avx(0x22, 0x22).rm(kRy);  // vpinsrd
  t += avx(0x30, 0x33).mod3();   // kshift
  t += avx(0x60, 0x60).rm(kR).regs(Imp::kEstrm).flags(Fx::kAllSet);
  t += avx(0x61, 0x61).rm(kR).regs(Imp::kEstri).flags(Fx::kAllSet);
  t += avx(0x62, 0x62).rm(kR).flags(Fx::kAllSet);
  t += avx(0x63, 0x63).rm(kR).regs(Imp::kIstri).flags(Fx::kAllSet);
  t += op(0xf0).when(kF2).reg(kWy).rm(kRy).imm(Imm::k8);  // rorx
  loads(t,
        {{{0x00, 0x02}, k66},
         {{0x04, 0x06}, k66},
         {{0x08, 0x0f}, k66},
         {{0x18, 0x18}, k66},
         {{0x21, 0x21}, k66},
         {{0x38, 0x38}, k66},
         {{0x40, 0x42}, k66},
         {{0x44, 0x44}, k66},
         {{0x46, 0x46}, k66},
         {{0x48, 0x4c}, k66},
         {{0x5c, 0x5f}, k66},
         {{0x68, 0x6f}, k66},
         {{0x78, 0x7f}, k66},
         {{0xce, 0xcf}, k66},
         {{0xde, 0xdf}, k66}},
        Imm::k8);
}

template <typename Table>
constexpr void evex_0f_rules(Sink<Table> t) {
  vector_0f_rules(t);
  t += op(0x6f).when(k66 | kScalar).rm(kR);  // vmovdqu8...
  t += op(0x7f).when(k66 | kScalar).rm(kW);
  t += op(0x78, 0x79).when(kScalar).reg(kWy).rm(kR);  // vcvttss2usi
  t += op(0x7b).when(kScalar).rm(kRy);                // vcvtusi2ss
  loads(t, {{{0x78, 0x79}, kPacked}, {{0x7a, 0x7a}, k66 | kScalar}, {{0x7b, 0x7b}, k66}});
}

template <typename Table>
constexpr void evex_0f38_rules(Sink<Table> t) {
  t += op(0x10, 0x15).when(kF3).rm(kW);                    // vpmovuswb...
  t += op(0x20, 0x25).when(kF3).rm(kW);                    // vpmovswb...
  t += op(0x30, 0x35).when(kF3).rm(kW);                    // vpmovwb...
  t += op(0x26, 0x29).when(kF3).rm(kR);                    // vptestnm, vpmovm2b, vpmovb2m
  t += op(0x2a).when(kF3).mod3();                          // vpbroadcastmb2q
  t += op(0x38, 0x3a).when(kF3).mod3();                    // vpmovm2d...
  t += op(0x63).when(k66).rm(kW);                          // vpcompressb
  t += op(0x7a, 0x7c).when(k66).mod3().rm(kRy);            // vpbroadcastb from a register
  t += op(0x8a, 0x8b).when(k66).rm(kW);                    // vcompressps
  t += op(0x90, 0x93).when(k66).mem().rm(kR).with(kVsib);  // gather
  t += op(0xa0, 0xa3).when(k66).mem().rm(kW).with(kVsib);  // scatter
  t += op(0xc6, 0xc7).when(k66).mem().exts(0b0110'0110).rm(kUnused).with(kVsib);  // prefetch
  loads(t, {{{0x00, 0x00}, k66},       {{0x04, 0x04}, k66},           {{0x0b, 0x0d}, k66},
            {{0x10, 0x16}, k66},       {{0x18, 0x1f}, k66},           {{0x20, 0x2d}, k66},
            {{0x30, 0x37}, k66},       {{0x38, 0x40}, k66},           {{0x42, 0x47}, k66},
            {{0x4c, 0x4f}, k66},       {{0x50, 0x51}, k66},           {{0x52, 0x52}, k66 | kScalar},
            {{0x53, 0x53}, k66 | kF2}, {{0x54, 0x55}, k66},           {{0x58, 0x5b}, k66},
            {{0x62, 0x62}, k66},       {{0x64, 0x66}, k66},           {{0x68, 0x68}, kF2},
            {{0x70, 0x71}, k66},       {{0x72, 0x72}, k66 | kScalar}, {{0x73, 0x73}, k66},
            {{0x75, 0x79}, k66},       {{0x7d, 0x7f}, k66},           {{0x83, 0x83}, k66},
            {{0x88, 0x89}, k66},       {{0x8d, 0x8d}, k66},           {{0x8f, 0x8f}, k66},
            {{0x96, 0x9f}, k66},       {{0xa6, 0xaf}, k66},           {{0xb4, 0xbf}, k66},
            {{0x9a, 0x9b}, kF2},       {{0xaa, 0xab}, kF2},           {{0xc4, 0xc4}, k66},
            {{0xc8, 0xcd}, k66},       {{0xcf, 0xcf}, k66},           {{0xdc, 0xdf}, k66}});
}

template <typename Table>
constexpr void evex_0f3a_rules(Sink<Table> t) {
  auto avx = [](u8 first, u8 last) { return op(first, last).when(k66).imm(Imm::k8); };
  t += avx(0x14, 0x17).rm(kWy);  // vpextrb .. vextractps
  t += avx(0x19, 0x19).rm(kW);   // vextractf32x4
  t += avx(0x1b, 0x1b).rm(kW);
  t += avx(0x1d, 0x1d).rm(kW);  // vcvtps2ph
  t += avx(0x39, 0x39).rm(kW);
  t += avx(0x3b, 0x3b).rm(kW);
  t += avx(0x20, 0x20).rm(kRy);  // vpinsrb
  t += avx(0x22, 0x22).rm(kRy);  // vpinsrd
  loads(t, {{{0x00, 0x01}, k66},     {{0x03, 0x05}, k66},         {{0x08, 0x0b}, kPacked},
            {{0x0f, 0x0f}, k66},     {{0x18, 0x18}, k66},         {{0x1a, 0x1a}, k66},
            {{0x1e, 0x1f}, k66},     {{0x21, 0x21}, k66},         {{0x23, 0x23}, k66},
            {{0x25, 0x27}, kPacked}, {{0x38, 0x38}, k66},         {{0x3a, 0x3a}, k66},
            {{0x3e, 0x3f}, k66},     {{0x42, 0x44}, k66},         {{0x50, 0x51}, k66},
            {{0x54, 0x55}, k66},     {{0x56, 0x57}, kPacked},     {{0x66, 0x67}, kPacked},
            {{0x70, 0x73}, k66},     {{0xc2, 0xc2}, kBare | kF3}, {{0xce, 0xcf}, k66}},
        Imm::k8);
}

// AVX512-FP16.
template <typename Table>
constexpr void evex_map5_rules(Sink<Table> t) {
  t += op(0x11).when(kF3).rm(kW);                             // vmovsh
  t += op(0x2a).when(kF3).rm(kRy);                            // vcvtsi2sh
  t += op(0x2c, 0x2d).when(kF3).reg(kWy).rm(kR);              // vcvtsh2si
  t += op(0x2e, 0x2f).when(kBare).rm(kR).flags(Fx::kAllSet);  // vucomish
  t += op(0x6e).when(k66).rm(kRy);                            // vmovw
  t += op(0x7e).when(k66).rm(kWy);
  t += op(0x78, 0x79).when(kF3).reg(kWy).rm(kR);  // vcvttsh2usi
  t += op(0x7b).when(kF3).rm(kRy);                // vcvtusi2sh
  loads(t, {{{0x10, 0x10}, kF3},
            {{0x1d, 0x1d}, kPacked},
            {{0x51, 0x51}, kBare | kF3},
            {{0x58, 0x59}, kBare | kF3},
            {{0x5a, 0x5a}, kAnyPp},
            {{0x5b, 0x5b}, kPacked | kF3},
            {{0x5c, 0x5f}, kBare | kF3},
            {{0x78, 0x79}, kPacked},
            {{0x7a, 0x7a}, k66 | kF2},
            {{0x7b, 0x7b}, k66},
            {{0x7c, 0x7c}, kPacked},
            {{0x7d, 0x7d}, kAnyPp}});
}

template <typename Table>
constexpr void evex_map6_rules(Sink<Table> t) {
  loads(t, {{{0x13, 0x13}, kPacked},
            {{0x2c, 0x2d}, k66},
            {{0x42, 0x43}, k66},
            {{0x4c, 0x4f}, k66},
            {{0x56, 0x57}, kScalar},
            {{0xd6, 0xd7}, kScalar},
            {{0x96, 0x9f}, k66},
            {{0xa6, 0xaf}, k66},
            {{0xb6, 0xbf}, k66}});
}

template <typename Table>
constexpr void xop8_rules(Sink<Table> t) {
  for (auto [first, last] : {Range{0x85, 0x87},
                             {0x8e, 0x8f},
                             {0x95, 0x97},
                             {0x9e, 0x9f},
                             {0xa2, 0xa3},
                             {0xa6, 0xa6},
                             {0xb6, 0xb6},
                             {0xc0, 0xc3},
                             {0xcc, 0xcf},
                             {0xec, 0xef}}) {
    t += op(first, last).when(kBare).rm(kR).imm(Imm::k8);
  }
}

template <typename Table>
constexpr void xop9_rules(Sink<Table> t) {
  t += op(0x01).when(kBare).exts(0b1111'1110).vvvv(kWy).rm(kRy).flags(Fx::kAndn);  // blcfill...
  t += op(0x02).when(kBare).exts(0b0100'0010).vvvv(kWy).rm(kRy).flags(Fx::kAndn);  // blcmsk, blci
  t += op(0x12).when(kBare).mod3().ext(0).rm(kRy).opaque();                        // llwpcb
  t += op(0x12).when(kBare).mod3().ext(1).rm(kWy);                                 // slwpcb
  loads(t, {{{0x80, 0x83}, kBare},
            {{0x90, 0x9b}, kBare},
            {{0xc1, 0xc3}, kBare},
            {{0xc6, 0xc7}, kBare},
            {{0xcb, 0xcb}, kBare},
            {{0xd1, 0xd3}, kBare},
            {{0xd6, 0xd7}, kBare},
            {{0xdb, 0xdb}, kBare},
            {{0xe1, 0xe3}, kBare}});
}

template <typename Table>
constexpr void xopa_rules(Sink<Table> t) {
  t += op(0x10).when(kBare).reg(kWy).rm(kRy).imm(Imm::k32).flags(Fx::kBextr);             // bextr
  t += op(0x12).when(kBare).ext(0).vvvv(kRy).rm(kRy).imm(Imm::k32).flags(Fx::kCarrySet);  // lwpins
  t += op(0x12).when(kBare).ext(1).vvvv(kRy).rm(kRy).imm(Imm::k32);                       // lwpval
}

// urdmsr and uwrmsr with the number of the register as an immediate.
template <typename Table>
constexpr void vex_map7_rules(Sink<Table> t) {
  t += op(0xf8).when(kF2).mod3().ext(0).rm(kWy).imm(Imm::k32);
  t += op(0xf8).when(kF3).mod3().ext(0).rm(kRy).imm(Imm::k32);
}

}  // namespace tiptoe::x86::rules
