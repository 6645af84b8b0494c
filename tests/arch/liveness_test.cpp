// Dead registers and flags on small straight paths, written as bytes with their assembly beside
// them.
#include "arch/x86/liveness.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

namespace tiptoe::x86 {
namespace {

using Bytes = std::vector<u8>;

std::vector<Insn> path(std::initializer_list<Bytes> code) {
  std::vector<Insn> insns;
  for (const Bytes& bytes : code) {
    Insn insn;
    EXPECT_TRUE(decode(bytes, Mode::k64, insn));
    EXPECT_EQ(insn.length, bytes.size());
    insns.push_back(insn);
  }
  return insns;
}

Liveness data_flow(std::initializer_list<Bytes> code) {
  return scan_forward(path(code), Observer::kDataFlow);
}
Liveness signals(std::initializer_list<Bytes> code) {
  return scan_forward(path(code), Observer::kSignalHandlers);
}

const Bytes kAddEaxEbx = {0x01, 0xd8};
const Bytes kIncEax = {0xff, 0xc0};
const Bytes kAdcEaxEbx = {0x11, 0xd8};
const Bytes kXorEaxEax = {0x31, 0xc0};
const Bytes kXorAlAl = {0x30, 0xc0};
const Bytes kMovEaxEbx = {0x89, 0xd8};
const Bytes kMovAxBx = {0x66, 0x89, 0xd8};
const Bytes kMovRspRax = {0x48, 0x89, 0xc4};
const Bytes kLoadEax = {0x8b, 0x03};  // mov eax, [rbx]
const Bytes kNop = {0x90};
const Bytes kJe = {0x74, 0x10};
const Bytes kRet = {0xc3};
const Bytes kCall = {0xe8, 0, 0, 0, 0};
const Bytes kSyscall = {0x0f, 0x05};
const Bytes kDivEcx = {0xf7, 0xf1};
const Bytes kMovEdxEax = {0x89, 0xc2};
const Bytes kAddps = {0x0f, 0x58, 0xc1};
const Bytes kCmoveEaxEbx = {0x0f, 0x44, 0xc3};
const Bytes kShlEaxCl = {0xd3, 0xe0};
const Bytes kShlEax1 = {0xd1, 0xe0};
const Bytes kShlEax4 = {0xc1, 0xe0, 0x04};
const Bytes kShlEax32 = {0xc1, 0xe0, 0x20};  // a count of zero
const Bytes kRepMovsb = {0xf3, 0xa4};
const Bytes kUnknown = {0x0f, 0x24, 0xc0};

TEST(Liveness, an_add_kills_all_status_flags) {
  EXPECT_EQ(data_flow({kAddEaxEbx}).dead_flags, kStatusFlags);
}

TEST(Liveness, the_end_of_the_path_reads_everything) {
  EXPECT_EQ(data_flow({}), Liveness{});
  EXPECT_EQ(data_flow({kNop}), Liveness{});
}

TEST(Liveness, inc_leaves_carry_alive) {
  EXPECT_EQ(data_flow({kIncEax}).dead_flags, kStatusFlags & ~kCf);
  EXPECT_EQ(data_flow({kIncEax, kAddEaxEbx}).dead_flags, kStatusFlags);
}

TEST(Liveness, a_flag_read_before_it_is_killed_is_alive) {
  EXPECT_EQ(data_flow({kAdcEaxEbx}).dead_flags, kStatusFlags & ~kCf);
  EXPECT_EQ(data_flow({kCmoveEaxEbx, kAddEaxEbx}).dead_flags, kStatusFlags & ~kZf);
}

TEST(Liveness, a_write_of_32_bits_kills_a_register_and_one_of_16_or_8_does_not) {
  EXPECT_EQ(data_flow({kMovEaxEbx}).dead_regs, set_of(kRax));
  EXPECT_EQ(data_flow({kMovAxBx}).dead_regs, 0u);
  EXPECT_EQ(data_flow({kXorAlAl}).dead_regs, 0u);
}

TEST(Liveness, a_register_xored_with_itself_is_dead) {
  EXPECT_EQ(data_flow({kXorEaxEax}).dead_regs, set_of(kRax));
  EXPECT_EQ(data_flow({kMovEdxEax, kXorEaxEax}).dead_regs, set_of(kRdx));
}

TEST(Liveness, a_register_read_before_it_is_killed_is_alive) {
  EXPECT_EQ(data_flow({kMovEdxEax, kMovEaxEbx}).dead_regs, set_of(kRdx));
}

TEST(Liveness, a_conditional_move_kills_nothing) {
  EXPECT_EQ(data_flow({kCmoveEaxEbx}).dead_regs, 0u);
}

TEST(Liveness, a_shift_kills_flags_only_when_its_count_cannot_be_zero) {
  EXPECT_EQ(data_flow({kShlEaxCl}).dead_flags, 0u);
  EXPECT_EQ(data_flow({kShlEax32}).dead_flags, 0u);
  EXPECT_EQ(data_flow({kShlEax4}).dead_flags, kStatusFlags & ~(kAf | kOf));
  EXPECT_EQ(data_flow({kShlEax1}).dead_flags, kStatusFlags & ~kAf);
}

TEST(Liveness, branches_and_system_calls_end_the_scan) {
  for (const Bytes& leaves : {kJe, kRet, kCall, kSyscall, kUnknown}) {
    EXPECT_EQ(data_flow({leaves, kAddEaxEbx, kMovEaxEbx}), Liveness{});
  }
}

TEST(Liveness, what_is_killed_before_a_branch_is_dead) {
  EXPECT_EQ(data_flow({kAddEaxEbx, kJe}).dead_flags, kStatusFlags);
  EXPECT_EQ(data_flow({kMovEaxEbx, kRet}).dead_regs, set_of(kRax));
}

TEST(Liveness, a_repeated_string_instruction_kills_no_register) {
  EXPECT_EQ(data_flow({kRepMovsb}).dead_regs, 0u);
}

TEST(Liveness, the_stack_pointer_is_never_dead) {
  EXPECT_EQ(data_flow({kMovRspRax}).dead_regs, 0u);
}

TEST(Liveness, a_signal_handler_sees_what_a_faulting_instruction_leaves) {
  EXPECT_EQ(data_flow({kLoadEax, kAddEaxEbx}).dead_flags, kStatusFlags);
  EXPECT_EQ(data_flow({kLoadEax}).dead_regs, set_of(kRax));
  for (const Bytes& faults : {kLoadEax, kDivEcx, kAddps, kRepMovsb}) {
    EXPECT_EQ(signals({faults, kAddEaxEbx, kMovEaxEbx}), Liveness{});
  }
  EXPECT_EQ(signals({kAddEaxEbx, kLoadEax}).dead_flags, kStatusFlags);
}

TEST(Liveness, integer_instructions_on_registers_do_not_fault) {
  for (const Bytes& safe : {kAddEaxEbx, kXorEaxEax, kCmoveEaxEbx, kShlEaxCl, kNop}) {
    EXPECT_FALSE(may_fault(path({safe})[0]));
  }
  const Bytes in_al_dx = {0xec}, pop_rax = {0x58}, fld1 = {0xd9, 0xe8}, rdtsc = {0x0f, 0x31};
  for (const Bytes& faults : {kDivEcx, kLoadEax, kAddps, in_al_dx, pop_rax, fld1, rdtsc}) {
    EXPECT_TRUE(may_fault(path({faults})[0]));
  }
}

TEST(Liveness, all_positions_agree_with_single_scans) {
  const std::vector<Insn> insns = path({kMovEdxEax, kAdcEaxEbx, kLoadEax, kJe, kShlEax4, kXorEaxEax,
                                        kCmoveEaxEbx, kIncEax, kMovEaxEbx});
  for (Observer observer : {Observer::kDataFlow, Observer::kSignalHandlers}) {
    std::vector<Liveness> all(insns.size());
    scan_all(insns, observer, all);
    for (std::size_t i = 0; i < insns.size(); ++i) {
      EXPECT_EQ(all[i], scan_forward(std::span(insns).subspan(i), observer)) << i;
    }
  }
}

}  // namespace
}  // namespace tiptoe::x86
