// The classic backward equation, dead = (dead_after | killed) & ~read, over one straight path.
#include "arch/x86/liveness.h"

namespace tiptoe::x86 {
namespace {

constexpr FlagSet kTracked = kStatusFlags | kDf;
constexpr GprSet kNeverDead = set_of(kRsp);

// Integer instructions that raise exceptions of their own.
bool is_division(const Insn& insn) {
  if (insn.map != Map::kPrimary) return false;
  if (insn.opcode == 0xd4) return true;  // aam
  return (insn.opcode | 1) == 0xf7 && (insn.modrm >> 3 & 7) >= 6;
}

bool is_port_access(const Insn& insn) {
  return insn.map == Map::kPrimary && (insn.opcode & 0xf4) == 0xe4;  // in, out
}

// Opcodes that work on general-purpose registers alone. Vector and x87 operations may raise
// floating-point exceptions, or find their unit switched off.
bool is_integer_opcode(const Insn& insn) {
  const u8 opcode = insn.opcode;
  switch (insn.map) {
    case Map::kPrimary:
      return opcode != 0x9b && (opcode & 0xf8) != 0xd8;
    case Map::k0f:
      if (insn.encoding != Encoding::kLegacy && insn.encoding != Encoding::kRex2) return false;
      return (opcode >= 0x18 && opcode <= 0x1f) || (opcode >= 0x40 && opcode <= 0x4f) ||
             (opcode >= 0x90 && opcode <= 0x9f) || (opcode >= 0xa3 && opcode <= 0xa5) ||
             (opcode >= 0xab && opcode <= 0xad) || (opcode >= 0xaf && opcode <= 0xc1) ||
             (opcode >= 0xc8 && opcode <= 0xcf);
    case Map::k0f38:
      return insn.encoding != Encoding::kEvex && opcode >= 0xf0 && opcode <= 0xf7;
    case Map::k0f3a:
      return insn.encoding == Encoding::kVex3 && opcode == 0xf0;
    default:
      return false;
  }
}

}  // namespace

bool may_fault(const Insn& insn) {
  return !insn.known || !insn.valid || insn.flow != Flow::kNext || insn.special != Special::kNone ||
         insn.reads_memory || insn.writes_memory || is_division(insn) || is_port_access(insn) ||
         !is_integer_opcode(insn);
}

Liveness before(const Insn& insn, Liveness after, Observer observer) {
  if (insn.flow != Flow::kNext || !insn.known || !insn.valid) return {};
  if (observer == Observer::kSignalHandlers && may_fault(insn)) return {};
  return {((after.dead_flags | insn.flags_killed) & ~insn.flags_read) & kTracked,
          (after.dead_regs | insn.regs_killed) & ~insn.regs_read & ~kNeverDead};
}

Liveness scan_forward(std::span<const Insn> path, Observer observer) {
  Liveness here;
  for (std::size_t i = path.size(); i-- > 0;) here = before(path[i], here, observer);
  return here;
}

void scan_all(std::span<const Insn> path, Observer observer, std::span<Liveness> out) {
  Liveness here;
  for (std::size_t i = path.size(); i-- > 0;) out[i] = here = before(path[i], here, observer);
}

}  // namespace tiptoe::x86
