// Which instructions the fuzz test runs.
#include <array>
#include <cstring>
#include <map>
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

// Gs operands that are left out. What the engine refuses aloud: string instructions that read
// through gs, and addresses of 32 bits through gs that only the instruction itself can compute.
bool is_excluded_with_gs(const Insn& insn) {
  if (insn.segment_prefix != 0x65) return false;
  const u8 even = insn.opcode & 0xfe;
  const bool reads_rsi = even == 0x6e || even == 0xa4 || even == 0xa6 || even == 0xac;
  if (insn.encoding == Encoding::kLegacy && insn.map == Map::kPrimary && reads_rsi) return true;
  const bool movdir64b =
      insn.encoding == Encoding::kLegacy && insn.map == Map::k0f38 && insn.opcode == 0xf8;
  // Which of its bytes fxsave says to have faulted depends on the form of the operand.
  if (insn.special == Special::kXsave || (insn.map == Map::k0f && insn.opcode == 0xae)) return true;
  return insn.address_size_prefix && (insn.vsib || insn.encoding == Encoding::kEvex || movdir64b);
}

bool is_excluded(const Insn& insn) {
  if (is_excluded_with_gs(insn)) return true;
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

}  // namespace

Templates::Templates(u64 seed) {
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
  group();
}

void Templates::group() {
  std::map<decltype(group_key(Insn())), std::vector<u32>> groups;
  for (u32 i = 0; i < all_.size(); ++i) groups[group_key(all_[i].insn)].push_back(i);
  general_.clear();
  vector_.clear();
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
  const Groups& groups = random.below(10) < 7 ? general_ : vector_;
  const std::vector<u32>& members = groups[random.below(static_cast<unsigned>(groups.size()))];
  return all_[members[random.below(static_cast<unsigned>(members.size()))]];
}

}  // namespace tiptoe::fuzz
