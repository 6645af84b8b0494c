// What the decoder says of registers and flags, held against the processor: instructions on
// general-purpose registers are run with random contents, and then again with other contents in
// everything that the decoder says they do not read. Manuals and Zydis can be wrong, this cannot.
// timeout: 180
#include <gtest/gtest.h>

#include <string>

#include "arch/x86/decode.h"
#include "arch/x86/liveness.h"
#include "byte_sources.h"
#include "native_runner.h"

namespace tiptoe::x86::oracle {
namespace {

constexpr FlagSet kTracked = kStatusFlags | kDf;
constexpr GprSet kAllButRsp = 0xffff & ~set_of(kRsp);

// Instructions that can be run between loading and storing all registers but rsp.
bool can_run(const Insn& insn) {
  return !may_fault(insn) && !((insn.regs_read | insn.regs_written) & ~kAllButRsp) &&
         !(insn.flags_written & ~kTracked);
}

u64 interesting_value(Random& random) {
  switch (random.below(4)) {
    case 0:
      return random.below(70);
    case 1:
      return ~u64{random.below(3)};
    case 2:
      return u64{1} << random.below(64);
    default:
      return random.next();
  }
}

// Other contents for the registers and flags of the sets.
State perturbed(State state, GprSet regs, FlagSet flags, Random& random) {
  for (u8 reg = 0; reg < kGprCount; ++reg) {
    if (regs >> reg & 1) state.regs[reg] = interesting_value(random);
  }
  state.flags = (state.flags & ~u64{flags}) | (random.next() & flags);
  return state;
}

std::string hex(std::span<const u8> bytes) {
  std::string text;
  for (u8 byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

GprSet changed_regs(const State& a, const State& b) {
  GprSet changed = 0;
  for (u8 reg = 0; reg < kGprCount; ++reg) {
    if (reg != kRsp && a.regs[reg] != b.regs[reg]) changed |= GprSet{1} << reg;
  }
  return changed;
}
FlagSet changed_flags(const State& a, const State& b) {
  return static_cast<FlagSet>(a.flags ^ b.flags) & kTracked;
}

// One instruction, what is claimed about it, and whether the processor agrees.
class Trial {
 public:
  Trial(NativeRunner& runner, Random& random) : runner_(runner), random_(random) {}

  enum class Verdict { kAgrees, kNotOnThisProcessor, kFaults, kWrites, kReads };

  Verdict judge(std::span<const u8> bytes, const Insn& claims) {
    runner_.assemble(bytes);
    for (int round = 0; round < 3; ++round) {
      const State in = perturbed({}, kAllButRsp, kTracked, random_);
      State out;
      const int signal = runner_.run(in, out);
      if (signal == SIGILL) return Verdict::kNotOnThisProcessor;
      if (signal != 0) return Verdict::kFaults;
      if (!writes_agree(claims, in, out)) return Verdict::kWrites;
      if (!reads_agree(claims, in, out)) return Verdict::kReads;
    }
    return Verdict::kAgrees;
  }

 private:
  // Nothing changes but what is written.
  static bool writes_agree(const Insn& claims, const State& in, const State& out) {
    return (changed_regs(in, out) & ~claims.regs_written) == 0 &&
           (changed_flags(in, out) & ~claims.flags_written) == 0;
  }

  // What is not read has no influence: on no other register or flag, nor on itself when it is
  // killed. What is written but not killed may depend on its own old contents, so everything else
  // is changed first without it.
  bool reads_agree(const Insn& claims, const State& in, const State& out) {
    const GprSet regs = kAllButRsp & ~claims.regs_read;
    const FlagSet flags = kTracked & ~claims.flags_read;
    const GprSet kept_regs = claims.regs_written & ~claims.regs_killed;
    const FlagSet kept_flags = claims.flags_written & ~claims.flags_killed;
    return same_without(regs & ~kept_regs, flags & ~kept_flags, claims, in, out) &&
           same_without(regs, flags, claims, in, out);
  }

  // With other contents in `regs` and `flags` the outcome is the same, but for those of them that
  // are not killed.
  bool same_without(GprSet regs, FlagSet flags, const Insn& claims, const State& in,
                    const State& out) {
    State other;
    if (runner_.run(perturbed(in, regs, flags, random_), other) != 0) return false;
    return (changed_regs(out, other) & ~(regs & ~claims.regs_killed)) == 0 &&
           (changed_flags(out, other) & ~(flags & ~claims.flags_killed)) == 0;
  }

  NativeRunner& runner_;
  Random& random_;
};

TEST(EffectsNative, integer_instructions_do_what_the_tables_say) {
  NativeRunner runner;
  ASSERT_TRUE(runner.ready());
  Random random(5);
  Trial trial(runner, random);
  unsigned agreed = 0;
  for (int i = 0; i < 3'000'000 && !::testing::Test::HasFailure(); ++i) {
    auto bytes = random_instruction(random);
    Insn insn;
    if (!decode(bytes, Mode::k64, insn)) continue;
    if (insn.modrm_offset != kAbsent && insn.modrm < 0xc0 && !random.one_in(8)) {
      bytes[insn.modrm_offset] |= 0xc0;  // the register form
      if (!decode(bytes, Mode::k64, insn)) continue;
    }
    if (!can_run(insn)) continue;
    const std::span<const u8> code = std::span(bytes).first(insn.length);
    const Trial::Verdict verdict = trial.judge(code, insn);
    agreed += verdict == Trial::Verdict::kAgrees;
    EXPECT_LE(static_cast<int>(verdict), static_cast<int>(Trial::Verdict::kNotOnThisProcessor))
        << hex(code);
  }
  EXPECT_GT(agreed, 100'000u);
  std::printf("%u instructions agreed\n", agreed);
}

// The test of the test: claims that are wrong are found out.
TEST(EffectsNative, wrong_claims_are_found_out) {
  using Verdict = Trial::Verdict;
  NativeRunner runner;
  ASSERT_TRUE(runner.ready());
  Random random(6);
  Trial trial(runner, random);
  const auto judge = [&](std::span<const u8> code, auto tamper) {
    Insn claims;
    EXPECT_TRUE(decode(code, Mode::k64, claims));
    tamper(claims);
    return trial.judge(code, claims);
  };
  const u8 add_eax_ebx[] = {0x01, 0xd8}, cmove_eax_ebx[] = {0x0f, 0x44, 0xc3};
  const u8 shl_eax_cl[] = {0xd3, 0xe0}, load[] = {0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0};
  EXPECT_EQ(judge(add_eax_ebx, [](Insn&) {}), Verdict::kAgrees);
  EXPECT_EQ(judge(add_eax_ebx, [](Insn& i) { i.regs_written = 0; }), Verdict::kWrites);
  EXPECT_EQ(judge(add_eax_ebx, [](Insn& i) { i.flags_written = 0; }), Verdict::kWrites);
  EXPECT_EQ(judge(add_eax_ebx, [](Insn& i) { i.regs_read = set_of(kRax); }), Verdict::kReads);
  for (int tries = 0; tries < 20; ++tries) {  // whether a bad claim shows depends on the values
    if (judge(cmove_eax_ebx, [](Insn& i) { i.flags_read = 0; }) == Verdict::kReads) break;
    ASSERT_LT(tries, 19);
  }
  for (int tries = 0; tries < 200; ++tries) {
    if (judge(shl_eax_cl, [](Insn& i) { i.flags_killed = kCf; }) == Verdict::kReads) break;
    ASSERT_LT(tries, 199);
  }
  EXPECT_EQ(judge(load, [](Insn&) {}), Verdict::kFaults);
}

}  // namespace
}  // namespace tiptoe::x86::oracle
