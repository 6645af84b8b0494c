// Hand-picked encodings: fields, control flow, specials, and what only the length rules know.
#include "arch/x86/decode.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace tiptoe::x86 {
namespace {

std::vector<u8> bytes_of(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::vector<u8> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    if (hex[i] == ' ') ++i;
    bytes.push_back(static_cast<u8>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  }
  return bytes;
}

// Decodes exactly these bytes.
Insn decoded(std::string_view hex, Mode mode = Mode::k64) {
  const std::vector<u8> bytes = bytes_of(hex);
  Insn insn;
  EXPECT_TRUE(decode(bytes, mode, insn)) << hex;
  EXPECT_EQ(insn.length, bytes.size()) << hex;
  return insn;
}

struct Control {
  const char* hex;
  Flow flow;
  i64 branch_offset = 0;
  Mode mode = Mode::k64;
};

constexpr Control kControls[] = {
    {"90", Flow::kNext},
    {"eb fe", Flow::kJmp, -2},
    {"e9 00010000", Flow::kJmp, 0x100},
    {"66 e9 00010000", Flow::kJmp, 0x100},  // Intel ignores 66 before a near branch
    {"f2 e9 00010000", Flow::kJmp, 0x100},  // bnd
    {"66 e9 0001", Flow::kJmp, 0x100, Mode::k32},
    {"74 80", Flow::kJcc, -128},
    {"0f 85 fcffffff", Flow::kJcc, -4},
    {"2e 75 10", Flow::kJcc, 16},  // a branch hint
    {"e2 f0", Flow::kLoop, -16},
    {"e3 05", Flow::kJrcxz, 5},
    {"67 e3 05", Flow::kJrcxz, 5},
    {"e8 00000000", Flow::kCall, 0},
    {"48 e8 10000000", Flow::kCall, 16},
    {"ff e0", Flow::kJmpIndirect},
    {"3e ff e0", Flow::kJmpIndirect},  // notrack
    {"ff 25 10000000", Flow::kJmpIndirect},
    {"41 ff d3", Flow::kCallIndirect},
    {"ff 14 c5 00000000", Flow::kCallIndirect},
    {"c3", Flow::kRet},
    {"f3 c3", Flow::kRet},
    {"c2 0800", Flow::kRet},
    {"ff 2b", Flow::kFarJmp},
    {"48 ff 1b", Flow::kFarCall},
    {"ea 10000000 3300", Flow::kFarJmp, 0, Mode::k32},
    {"9a 10000000 2300", Flow::kFarCall, 0, Mode::k32},
    {"cb", Flow::kFarRet},
    {"48 cb", Flow::kFarRet},
    {"48 cf", Flow::kIret},
    {"0f 05", Flow::kSyscall},
    {"0f 34", Flow::kSysenter},
    {"cd 80", Flow::kInt},
    {"cc", Flow::kInt3},
    {"f1", Flow::kInt1},
    {"ce", Flow::kInto, 0, Mode::k32},
    {"0f 0b", Flow::kTrap},
    {"0f b9 c0", Flow::kTrap},
    {"0f ff c0", Flow::kTrap},
    {"c7 f8 10000000", Flow::kXbegin, 16},
    {"66 c7 f8 1000", Flow::kXbegin, 16},
    {"f4", Flow::kPrivileged},
    {"fa", Flow::kPrivileged},
    {"0f 22 d8", Flow::kPrivileged},
};

TEST(Decode, control_flow) {
  for (const Control& expected : kControls) {
    const Insn insn = decoded(expected.hex, expected.mode);
    EXPECT_EQ(insn.flow, expected.flow) << expected.hex;
    EXPECT_EQ(insn.branch_offset, expected.branch_offset) << expected.hex;
  }
}

TEST(Decode, conditions) {
  EXPECT_EQ(decoded("74 00").cond, kE);
  EXPECT_EQ(decoded("0f 8f 00000000").cond, kG);
  EXPECT_EQ(decoded("7f 00").flags_read, kZf | kSf | kOf);
  EXPECT_EQ(decoded("0f 92 c0").flags_read, kCf);
}

struct SpecialCase {
  const char* hex;
  Special special;
  Mode mode = Mode::k64;
};

constexpr SpecialCase kSpecials[] = {
    {"9c", Special::kPushf},
    {"66 9d", Special::kPopf},
    {"d9 30", Special::kX87Env},
    {"dd 30", Special::kX87Env},
    {"0f ae 00", Special::kXsave},
    {"48 0f ae 20", Special::kXsave},
    {"0f c7 20", Special::kXsave},
    {"f3 48 0f ae c0", Special::kRdFsBase},
    {"f3 0f ae c9", Special::kRdGsBase},
    {"f3 48 0f ae d0", Special::kWrFsBase},
    {"f3 48 0f ae d8", Special::kWrGsBase},
    {"8e e0", Special::kMovToSeg},
    {"8c e8", Special::kMovFromSeg},
    {"0f a0", Special::kPushSeg},
    {"1e", Special::kPushSeg, Mode::k32},
    {"0f a9", Special::kPopSeg},
    {"0f b4 00", Special::kLoadFarPtr},
    {"c5 00", Special::kLoadFarPtr, Mode::k32},
    {"f3 48 0f 1e c8", Special::kRdssp},
    {"f3 48 0f ae e8", Special::kRdssp},
    {"0f a2", Special::kCpuid},
    {"0f 31", Special::kRdtsc},
    {"0f 01 f9", Special::kRdtsc},
    {"f3 0f c7 f8", Special::kRdpid},
    {"0f 01 d0", Special::kXgetbv},
    {"f3 0f 1e fa", Special::kNone},  // endbr64
};

TEST(Decode, specials) {
  for (const SpecialCase& expected : kSpecials) {
    EXPECT_EQ(decoded(expected.hex, expected.mode).special, expected.special) << expected.hex;
  }
}

// Encodings that Zydis 4.0 does not have, or that have no rule: the length, by the length rules.
constexpr const char* kLengths[] = {
    "d5 08 01 d8",                // rex2 add rax, rbx
    "d5 80 af c3",                // rex2 imul (map 1)
    "d5 08 81 c0 10000000",       // rex2 with an immediate
    "d5 08 b8 8877665544332211",  // rex2 mov r64, imm64
    "d5 00 a1 8877665544332211",  // jmpabs
    "62 f4 7c 18 01 d8",          // EVEX map 4: add with three operands
    "62 f4 7c 18 83 c0 01",       // ... and an 8-bit immediate
    "62 f4 7c 18 81 c0 01000000",
    "62 f4 7d 18 81 c0 0100",      // 66: a 16-bit immediate
    "62 f4 7c 18 f7 c0 01000000",  // ctest
    "62 f4 7c 18 f7 d8",           // neg
    "62 f4 7c 18 69 c0 01000000",
    "62 f4 7c 18 24 c0 05",        // shld
    "62 f5 7c 48 58 c1",           // map 5: vaddph
    "62 f6 7d 48 98 c1",           // map 6
    "62 f7 7f 08 f8 c0 01000000",  // map 7: an immediate of 32 bits
    "c4 e7 7b f8 c0 01000000",
    "8f e8 78 00 c0 01",  // XOP map 8: always an immediate
    "0f 0f 44 88 10 9e",  // 3DNow!: opcode last, after SIB and displacement
    "0f 38 ff c0",
    "0f 3a ff c0 01",
    "0f 18 00",  // the nop space
    "0f 1d 84 00 00000000",
    "0f 1e c0",
    "66 0f 1f 84 00 00000000",
    "c8 1000 01",           // enter
    "66 0f 78 c0 01 02",    // extrq
    "a1 8877665544332211",  // moffs64
    "67 a1 44332211",       // moffs32
    "48 b8 8877665544332211",
};

TEST(Decode, lengths_by_the_length_rules) {
  for (const char* hex : kLengths) {
    std::vector<u8> bytes = bytes_of(hex);
    const std::size_t length = bytes.size();
    bytes.resize(15, 0x90);
    Insn insn;
    ASSERT_TRUE(decode(bytes, Mode::k64, insn)) << hex;
    EXPECT_EQ(insn.length, length) << hex;
  }
}

TEST(Decode, lengths_in_32_bit_mode) {
  for (const char* hex : {"40", "67 8b 46 10", "67 8b 06 3412", "a1 44332211", "67 a1 2211",
                          "62 00", "c4 00", "8b 05 44332211", "66 ea 2211 3300", "82 c0 01"}) {
    decoded(hex, Mode::k32);
  }
}

TEST(Decode, fields_of_a_legacy_instruction) {
  // add qword ptr fs:[r9 + r10*4 + 0x11223344], 0x7f
  const Insn insn = decoded("64 4b 83 84 91 44332211 7f");
  EXPECT_EQ(insn.legacy_prefix_count, 1);
  EXPECT_EQ(insn.segment_prefix, 0x64);
  EXPECT_EQ(insn.rex_offset, 1);
  EXPECT_EQ(insn.rex, 0b1011);
  EXPECT_TRUE(insn.rex_w);
  EXPECT_EQ(insn.opcode_offset, 2);
  EXPECT_EQ(insn.opcode, 0x83);
  EXPECT_EQ(insn.modrm_offset, 3);
  EXPECT_EQ(insn.sib_offset, 4);
  EXPECT_EQ(insn.disp_offset, 5);
  EXPECT_EQ(insn.disp_size, 4);
  EXPECT_EQ(insn.disp, 0x11223344);
  EXPECT_EQ(insn.imm_offset, 9);
  EXPECT_EQ(insn.imm_size, 1);
  EXPECT_EQ(insn.imm, 0x7f);
  EXPECT_EQ(insn.gpr_fields, kFieldBase | kFieldIndex);
  EXPECT_EQ(insn.regs_read, set_of(kR9) | set_of(kR10));
  EXPECT_EQ(insn.regs_written, 0u);
  EXPECT_EQ(insn.regs_implicit, 0u);
  EXPECT_TRUE(insn.reads_memory);
  EXPECT_TRUE(insn.writes_memory);
  EXPECT_EQ(insn.flags_killed, kStatusFlags);
}

TEST(Decode, fields_that_are_not_there_are_absent) {
  const Insn insn = decoded("c3"), blank;
  EXPECT_EQ(insn.rex_offset, blank.rex_offset);
  EXPECT_EQ(insn.vex_offset, blank.vex_offset);
  EXPECT_EQ(insn.modrm_offset, blank.modrm_offset);
  EXPECT_EQ(insn.sib_offset, blank.sib_offset);
  EXPECT_EQ(insn.disp_offset, blank.disp_offset);
  EXPECT_EQ(insn.imm_offset, blank.imm_offset);
  EXPECT_TRUE(insn.known);
  EXPECT_TRUE(insn.valid);
}

TEST(Decode, nothing_of_an_earlier_instruction_remains) {
  Insn reused;
  ASSERT_TRUE(decode(bytes_of("64 4b 83 84 91 44332211 7f"), Mode::k64, reused));
  ASSERT_TRUE(decode(bytes_of("90"), Mode::k64, reused));
  EXPECT_EQ(reused.length, 1);
  EXPECT_EQ(reused.disp, 0);
  EXPECT_EQ(reused.imm, 0);
  EXPECT_EQ(reused.segment_prefix, 0);
  EXPECT_EQ(reused.regs_read, 0u);
  EXPECT_EQ(reused.modrm_offset, kAbsent);
  EXPECT_FALSE(reused.writes_memory);
}

TEST(Decode, rip_relative_operands) {
  const Insn load = decoded("48 8b 05 f8ffffff");
  EXPECT_TRUE(load.rip_relative);
  EXPECT_EQ(load.disp, -8);
  EXPECT_EQ(load.disp_offset, 3);
  EXPECT_EQ(load.regs_read, 0u);
  EXPECT_EQ(load.gpr_fields, kFieldReg);
  EXPECT_TRUE(decoded("c7 05 10000000 44332211").rip_relative);
  EXPECT_TRUE(decoded("67 8b 05 10000000").rip_relative);
  EXPECT_TRUE(decoded("c5 f8 58 05 10000000").rip_relative);
  EXPECT_FALSE(decoded("8b 04 25 10000000").rip_relative);
  EXPECT_FALSE(decoded("8b 05 10000000", Mode::k32).rip_relative);
}

TEST(Decode, register_fields_with_their_extensions) {
  EXPECT_EQ(decoded("4d 01 d8").regs_read, set_of(kR8) | set_of(kR11));
  EXPECT_EQ(decoded("41 57").gpr_fields, kFieldOpcode);
  EXPECT_EQ(decoded("41 57").regs_read, set_of(kR15) | set_of(kRsp));
  EXPECT_EQ(decoded("41 57").regs_implicit, set_of(kRsp));
  // andn r8, r9, r10: reg, vvvv, rm
  const Insn andn = decoded("c4 42 b0 f2 c2");
  EXPECT_EQ(andn.gpr_fields, kFieldReg | kFieldVvvv | kFieldRm);
  EXPECT_EQ(andn.regs_killed, set_of(kR8));
  EXPECT_EQ(andn.regs_read, set_of(kR9) | set_of(kR10));
  // rex2 add r31, r16
  const Insn apx = decoded("d5 59 01 c7");
  EXPECT_EQ(apx.regs_read, 1u << 31 | 1u << 16);
}

TEST(Decode, high_byte_registers_cannot_be_renamed) {
  const Insn mov_ah_cl = decoded("88 cc");
  EXPECT_EQ(mov_ah_cl.regs_written, set_of(kRax));
  EXPECT_EQ(mov_ah_cl.regs_killed, 0u);
  EXPECT_EQ(mov_ah_cl.regs_implicit, set_of(kRax));
  EXPECT_EQ(mov_ah_cl.gpr_fields, kFieldReg);
  const Insn mov_spl_cl = decoded("40 88 cc");
  EXPECT_EQ(mov_spl_cl.regs_written, set_of(kRsp));
  EXPECT_EQ(mov_spl_cl.gpr_fields, kFieldReg | kFieldRm);
}

TEST(Decode, vector_registers_do_not_count) {
  const Insn gather = decoded("c4 e2 69 90 04 88");  // vpgatherdd xmm0, [rax+xmm1*4], xmm2
  EXPECT_TRUE(gather.vsib);
  EXPECT_EQ(gather.regs_read, set_of(kRax));
  EXPECT_EQ(gather.gpr_fields, kFieldBase);
  EXPECT_EQ(decoded("0f 58 c1").gpr_fields, 0);
  EXPECT_EQ(decoded("66 48 0f 7e c3").regs_killed, set_of(kRbx));  // movq rbx, xmm0
}

TEST(Decode, prefixes) {
  EXPECT_TRUE(decoded("f0 48 0f b1 0b").lock);
  EXPECT_FALSE(decoded("f0 48 01 d8").valid);  // lock needs memory
  EXPECT_FALSE(decoded("f0 39 03").valid);     // cmp cannot be locked
  EXPECT_EQ(decoded("2e 64 8b 00").segment_prefix, 0x64);
  EXPECT_EQ(decoded("64 2e 8b 00").segment_prefix, 0x64);
  EXPECT_EQ(decoded("2e 8b 00").segment_prefix, 0);
  EXPECT_EQ(decoded("2e 8b 00", Mode::k32).segment_prefix, 0x2e);
  // Only a REX directly before the opcode counts.
  const Insn stale = decoded("48 66 89 d8");
  EXPECT_EQ(stale.rex_offset, kAbsent);
  EXPECT_FALSE(stale.rex_w);
  EXPECT_EQ(stale.regs_killed, 0u);
  // REX.W beats 66.
  EXPECT_EQ(decoded("66 48 89 d8").regs_killed, set_of(kRax));
  EXPECT_FALSE(decoded("48 c5 f8 58 c1").valid);
  EXPECT_FALSE(decoded("66 c5 f8 58 c1").valid);
}

TEST(Decode, repeated_strings) {
  const Insn movs = decoded("f3 48 a5");
  EXPECT_TRUE(movs.rep_string);
  EXPECT_EQ(movs.regs_implicit, set_of(kRcx) | set_of(kRsi) | set_of(kRdi));
  EXPECT_EQ(movs.regs_killed, 0u);
  EXPECT_EQ(movs.flags_read, kDf);
  EXPECT_EQ(decoded("f3 a6").flags_killed, 0u);
  EXPECT_EQ(decoded("a6").flags_killed, kStatusFlags);
  EXPECT_FALSE(decoded("f3 90").rep_string);
}

TEST(Decode, x87_instructions_that_set_the_instruction_pointer) {
  for (const char* sets : {"d8 c1", "d9 e8", "dd 00", "df f1"}) EXPECT_TRUE(decoded(sets).x87);
  for (const char* keeps : {"d9 28", "d9 38", "db e3", "db e2", "df e0", "d9 30", "9b"}) {
    EXPECT_FALSE(decoded(keeps).x87) << keeps;
  }
}

TEST(Decode, unknown_opcodes_may_do_anything) {
  const Insn insn = decoded("0f 24 c0");
  EXPECT_FALSE(insn.known);
  EXPECT_TRUE(insn.valid);
  EXPECT_EQ(insn.regs_read & 0xffff, 0xffffu);
  EXPECT_EQ(insn.regs_killed, 0u);
  EXPECT_EQ(insn.flags_read & kStatusFlags, kStatusFlags);
  EXPECT_EQ(insn.flags_killed, 0u);
}

TEST(Decode, opcodes_that_are_gone_are_invalid) {
  for (const char* hex :
       {"06", "27", "d6", "ff f8", "fe d0", "c6 c8", "0f 0b", "d5 00 70", "d5 00 a1 00000000"}) {
    Insn insn;
    ASSERT_TRUE(decode(bytes_of(std::string(hex) + " 00 00 00 00"), Mode::k64, insn)) << hex;
    EXPECT_FALSE(insn.valid) << hex;
  }
}

TEST(Decode, truncated_bytes_ask_for_more) {
  const std::vector<u8> whole = bytes_of("64 4b 83 84 91 44332211 7f");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Insn insn;
    EXPECT_FALSE(decode(std::span(whole).first(size), Mode::k64, insn)) << size;
    EXPECT_GT(insn.length, size);
    EXPECT_LE(insn.length, whole.size());
    EXPECT_TRUE(insn.valid);
  }
}

TEST(Decode, more_than_15_bytes_are_invalid) {
  std::vector<u8> bytes(14, 0x66);
  bytes.push_back(0x90);
  Insn insn;
  EXPECT_TRUE(decode(bytes, Mode::k64, insn));
  EXPECT_EQ(insn.length, 15);
  bytes.insert(bytes.begin(), 0x66);
  EXPECT_FALSE(decode(bytes, Mode::k64, insn));
  EXPECT_EQ(insn.length, 15);
  EXPECT_FALSE(insn.valid);
}

}  // namespace
}  // namespace tiptoe::x86
