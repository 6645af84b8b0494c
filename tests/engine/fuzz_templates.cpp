// Which instructions the fuzz test runs.
#include <array>
#include <cstring>
#include <map>
#include <stdexcept>
#include <tuple>

#include "arch/x86/liveness.h"
#include "engine/fuzz_blocks.h"

namespace tiptoe::fuzz {
namespace {

using x86::Encoding;
using x86::Flow;
using x86::Insn;
using x86::kAbsent;
using x86::Map;
using x86::Special;

// Groups of 0f opcodes of which only a part is harmless and the same each time.
bool is_excluded_0f(const Insn& insn) {
  const unsigned reg = insn.modrm >> 3 & 7;
  const bool memory = insn.modrm < 0xc0;
  switch (insn.opcode) {
    case 0x00:  // sldt, str: differ between processors
    case 0x03:  // lsl: may tell the processor's number
      return true;
    case 0x01:                    // sgdt, smsw, vmcall, monitorx, wrpkru, xgetbv(1)...
      return insn.modrm != 0xd6;  // xtest
    case 0xc7:                    // rdrand, rdseed, rdpid, senduipi, xsavec...
      return reg != 1;
    case 0xae:
      if (memory)
        return insn.rep || reg == 4 || reg == 5 || (reg == 6 && !insn.operand_size_prefix);
      if (insn.rep) return reg >= 4;  // ptwrite, incssp, umonitor; below: the segment bases
      return reg < 5 || insn.operand_size_prefix || insn.repne;  // umwait, tpause
    default:
      return false;
  }
}

// Which of its bytes fxsave says to have faulted depends on the form of the operand.
bool is_excluded_with_gs(const Insn& insn) {
  if (insn.segment_prefix != 0x65) return false;
  return insn.special == Special::kXsave || (insn.map == Map::k0f && insn.opcode == 0xae);
}

bool is_excluded(const Insn& insn) {
  if (is_excluded_with_gs(insn)) return true;
  // The indices of gathers and scatters are whatever is in a vector register: they would reach over
  // the walls. Gathers have a test of their own.
  if (insn.vsib) return true;
  if (insn.encoding == Encoding::kRex2 || insn.map == Map::k3dnow) return true;
  if (insn.encoding != Encoding::kLegacy) return false;
  if (insn.map == Map::k0f) return is_excluded_0f(insn);
  // enqcmd reports how a device took it.
  return insn.map == Map::k0f38 && insn.opcode == 0xf8 && (insn.rep || insn.repne);
}

bool is_allowed_special(Special special) {
  switch (special) {
    case Special::kNone:
    case Special::kPushf:
    case Special::kX87Env:
    case Special::kXsave:  // fxsave only, by is_excluded()
    case Special::kRdFsBase:
    case Special::kRdGsBase:
    case Special::kWrFsBase:
    case Special::kWrGsBase:
    case Special::kMovFromSeg:
    case Special::kPushSeg:
      return true;
    case Special::kPopf:  // from random memory it would set the trap flag; see make_block()
    case Special::kMovToSeg:
    case Special::kPopSeg:
    case Special::kLoadFarPtr:
    case Special::kRdssp:
    case Special::kCpuid:
    case Special::kRdtsc:
    case Special::kRdpid:
    case Special::kXgetbv:
      return false;
  }
  return false;
}

// Straight on, or always a fault.
bool is_allowed_flow(const Insn& insn) {
  return insn.flow == Flow::kNext || insn.flow == Flow::kTrap || insn.flow == Flow::kInt3;
}

// The opcode byte's low bits left out where they name a register.
auto group_key(const Insn& insn) {
  const bool in_opcode = (insn.gpr_fields & x86::kFieldOpcode) != 0;
  const unsigned encoding = insn.encoding == Encoding::kLegacy ? 0
                            : insn.encoding == Encoding::kEvex ? 2
                                                               : 1;
  return std::tuple(encoding, insn.map, in_opcode ? insn.opcode & 0xf8 : insn.opcode);
}

bool has_general_operand(const Insn& insn) {
  return (insn.gpr_fields & ~(x86::kFieldBase | x86::kFieldIndex)) != 0 || insn.regs_written != 0;
}

constexpr unsigned kMostOfAGroup = 48;

// What the relocator has a rule for, in every form that the rule tells apart. Registers, addresses,
// immediates and REX are chosen anew at each use; that the operand is memory stays, and of what
// kind: gs stands for itself, and a RIP-relative form comes of all that have no segment.
const std::vector<std::vector<u8>>& named() {
  static const std::vector<std::vector<u8>> insns{
      // Strings through gs.
      {0x65, 0xa4},
      {0x65, 0x48, 0xa5},
      {0x65, 0xa6},
      {0x65, 0x48, 0xa7},
      {0x65, 0xac},
      {0x65, 0x66, 0xad},
      {0x65, 0x48, 0xad},
      {0x65, 0xf3, 0xa4},
      {0xf3, 0x65, 0x48, 0xa5},
      {0x65, 0xf3, 0xa6},
      {0xf2, 0x65, 0xa7},
      {0x65, 0xf3, 0xac},
      {0x65, 0x67, 0xa4},
      {0x67, 0x65, 0x48, 0xa5},
      {0x65, 0x67, 0x48, 0xa7},
      {0x65, 0x67, 0xac},
      {0x65, 0x67, 0xf3, 0xa4},
      {0xf3, 0x67, 0x65, 0xa7},
      {0xf2, 0x65, 0x67, 0x66, 0xa7},
      {0x65, 0x67, 0xf3, 0x48, 0xad},
      {0x64, 0xf3, 0xa4},
      {0x64, 0xa5},
      // The bases.
      {0xf3, 0x48, 0x0f, 0xae, 0xc8},
      {0xf3, 0x0f, 0xae, 0xc8},
      {0xf3, 0x48, 0x0f, 0xae, 0xd8},
      {0xf3, 0x0f, 0xae, 0xd8},
      {0xf3, 0x48, 0x0f, 0xae, 0xc0},
      {0xf3, 0x48, 0x0f, 0xae, 0xd0},
      // Flags and frames.
      {0x9c},
      {0x66, 0x9c},
      {0xc8, 0, 0, 0},
      {0xc9},
      {0x66, 0xc9},
      {0x66, 0xc8, 0, 0, 0},
      // xlat, moffs, maskmovdqu.
      {0xd7},
      {0x65, 0xd7},
      {0x64, 0xd7},
      {0x65, 0x67, 0xd7},
      {0x65, 0x48, 0xa1},
      {0x65, 0xa2},
      {0x65, 0x66, 0x0f, 0xf7, 0xc1},
      {0x65, 0x0f, 0xf7, 0xc1},
      // Pushes and pops of memory and registers.
      {0xff, 0x30},
      {0x65, 0xff, 0x30},
      {0x66, 0xff, 0x30},
      {0x65, 0x66, 0xff, 0x30},
      {0x8f, 0x00},
      {0x65, 0x8f, 0x00},
      {0x66, 0x8f, 0x00},
      {0x65, 0x66, 0x8f, 0x00},
      {0x64, 0x8f, 0x00},
      {0x67, 0x8f, 0x00},
      {0x65, 0x67, 0x8f, 0x00},
      {0x50},
      {0x58},
      {0x66, 0x50},
      {0x66, 0x58},
      {0x0f, 0xa0},
      {0x0f, 0xa8},
      // cmpxchg8b, cmpxchg16b, lock.
      {0x0f, 0xc7, 0x08},
      {0x48, 0x0f, 0xc7, 0x08},
      {0x65, 0x48, 0x0f, 0xc7, 0x08},
      {0xf0, 0x48, 0x0f, 0xc7, 0x08},
      {0xf0, 0x65, 0x48, 0x0f, 0xc7, 0x08},
      {0xf0, 0x65, 0x0f, 0xc7, 0x08},
      {0xf0, 0x01, 0x00},
      {0xf0, 0x65, 0x01, 0x00},
      {0xf0, 0x48, 0x0f, 0xb1, 0x00},
      {0xf0, 0x65, 0x0f, 0xb1, 0x00},
      {0xf0, 0x0f, 0xc1, 0x00},
      {0xf0, 0x65, 0x48, 0x0f, 0xc1, 0x00},
      {0x65, 0x87, 0x00},
      {0xf0, 0x65, 0xff, 0x00},
      {0xf0, 0x65, 0x0f, 0xab, 0x00},
      {0x65, 0x67, 0x0f, 0xa3, 0x00},
      {0x65, 0x67, 0x48, 0x0f, 0xbb, 0x00},
      {0x67, 0x65, 0xf0, 0x0f, 0xb3, 0x00},
      {0xf0, 0x0f, 0xba, 0x28, 0},
      {0xf0, 0x65, 0x80, 0x00, 0},
      // Immediates behind a RIP-relative displacement.
      {0x81, 0x00, 0, 0, 0, 0},
      {0x65, 0x81, 0x00, 0, 0, 0, 0},
      {0x69, 0x00, 0, 0, 0, 0},
      {0x65, 0x6b, 0x00, 0},
      {0xc7, 0x00, 0, 0, 0, 0},
      {0x65, 0xc6, 0x00, 0},
      {0x65, 0xf7, 0x00, 0, 0, 0, 0},
      {0x65, 0x0f, 0xa4, 0x00, 0},
      {0x65, 0x0f, 0x38, 0xf0, 0x00},
      {0x65, 0x8d, 0x00},
      {0x8d, 0x00},
      {0x67, 0x8d, 0x00},
      {0x65, 0xf7, 0x30},
      {0x65, 0xf7, 0x38},
      {0x65, 0xd3, 0x00},
      {0x65, 0xf7, 0x20},
      // Vectors: SSE, VEX of two and three bytes, EVEX with and without scaled displacements, masks
      // and broadcasts. (Gathers have a test of their own.)
      {0x65, 0x0f, 0x6f, 0x00},
      {0x65, 0x66, 0x0f, 0x7f, 0x00},
      {0x65, 0xc5, 0xf9, 0x6f, 0x00},
      {0x65, 0xc5, 0xfe, 0x7f, 0x00},
      {0xc5, 0xfe, 0x6f, 0x00},
      {0xc4, 0xc1, 0x7e, 0x7f, 0x00},
      {0x65, 0xc4, 0xc1, 0x7e, 0x6f, 0x00},
      {0xc4, 0xe3, 0x7d, 0x39, 0x00, 0},
      {0x65, 0xc4, 0xe3, 0x7d, 0x39, 0x00, 0},

      {0xc4, 0xe2, 0x70, 0xf2, 0x00},
      {0x65, 0xc4, 0xe2, 0x70, 0xf2, 0x00},
      {0x65, 0xc4, 0xe2, 0x71, 0xf7, 0x00},
      {0x65, 0xc4, 0xe2, 0x73, 0xf6, 0x00},
      {0x65, 0xc4, 0xe3, 0x7b, 0xf0, 0x00, 0},
      {0x62, 0xf1, 0xfe, 0x48, 0x6f, 0x00},
      {0x65, 0x62, 0xf1, 0xfe, 0x48, 0x7f, 0x00},
      {0x65, 0x67, 0x62, 0xf1, 0xfe, 0x48, 0x6f, 0x00},
      {0x65, 0x67, 0x66, 0x0f, 0x38, 0xf8, 0x00},
      {0x67, 0x66, 0x0f, 0x38, 0xf8, 0x00},
      {0x62, 0xf1, 0x7d, 0x49, 0x6f, 0x00},
      {0x65, 0x62, 0xf1, 0x7d, 0xc9, 0x6f, 0x00},
      {0x65, 0x62, 0xf1, 0x6d, 0x58, 0xfe, 0x00},
      {0x62, 0xf1, 0x6d, 0x58, 0xfe, 0x00},
      {0x65, 0x62, 0xf3, 0x7d, 0x48, 0x39, 0x00, 0},

      {0x65, 0x62, 0xf2, 0x7d, 0x49, 0x63, 0x00},
      {0x65, 0x62, 0xf1, 0x7e, 0x08, 0x2a, 0x00},
      {0x65, 0xdd, 0x00},
      {0x65, 0xdd, 0x10},
      {0xdf, 0x28},
      {0x65, 0xdb, 0x38},
      {0x65, 0xd9, 0x38},
  };
  return insns;
}

}  // namespace

Templates::Templates(u64 seed) {
  add_random(seed);
  add_named();
  group();
}

void Templates::add_random(u64 seed) {
  Random random(seed);
  std::map<decltype(group_key(Insn())), unsigned> counts;
  for (int i = 0; i < 1'500'000; ++i) {
    auto bytes = x86::oracle::random_instruction(random);
    Template candidate{};
    if (!x86::decode(bytes, x86::Mode::k64, candidate.insn)) continue;
    const Insn& insn = candidate.insn;
    if (!insn.known || !insn.valid || !is_allowed_flow(insn) || !is_allowed_special(insn.special) ||
        is_excluded(insn) || ++counts[group_key(insn)] > kMostOfAGroup) {
      continue;
    }
    std::memcpy(candidate.bytes, bytes.data(), insn.length);
    all_.push_back(candidate);
  }
}

void Templates::add_named() {
  for (const std::vector<u8>& insn : named()) {
    Template candidate{};
    candidate.named = true;
    std::memcpy(candidate.bytes, insn.data(), insn.size());
    // With room for the displacement of moffs.
    if (!x86::decode(candidate.bytes, x86::Mode::k64, candidate.insn) || !candidate.insn.known ||
        !candidate.insn.valid || candidate.insn.length < insn.size()) {
      throw std::logic_error("the fuzz test names an instruction that is none");
    }
    all_.push_back(candidate);
  }
}

void Templates::group() {
  std::map<decltype(group_key(Insn())), std::vector<u32>> groups;
  general_.clear();
  vector_.clear();
  named_.clear();
  for (u32 i = 0; i < all_.size(); ++i) {
    if (all_[i].named) {
      named_.push_back({i});
    } else {
      groups[group_key(all_[i].insn)].push_back(i);
    }
  }
  for (auto& [key, members] : groups) {
    bool general = false;
    for (const u32 i : members) general = general || has_general_operand(all_[i].insn);
    (general ? general_ : vector_).push_back(std::move(members));
  }
}

void Templates::filter(const std::vector<bool>& keep) {
  std::vector<Template> kept;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (keep[i]) kept.push_back(all_[i]);
  }
  all_ = std::move(kept);
  group();
}

const Template& Templates::pick(Random& random) const {
  const unsigned kind = random.below(10);
  const Groups& groups = kind < 5 ? general_ : kind < 7 ? vector_ : named_;
  const std::vector<u32>& members = groups[random.below(static_cast<unsigned>(groups.size()))];
  return all_[members[random.below(static_cast<unsigned>(members.size()))]];
}

}  // namespace tiptoe::fuzz
