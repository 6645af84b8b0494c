#include "engine/fuzz_blocks.h"

#include <cstring>
#include <optional>

#include "arch/x86/rewrite.h"
#include "engine/context/cursor_register.h"

namespace tiptoe::fuzz {
namespace {

using x86::Encoding;
using x86::Gpr;
using x86::GprSet;
using x86::Insn;
using x86::kAbsent;
using x86::kGprCount;
using x86::Map;
using x86::set_of;

constexpr Gpr kStolen = engine::kCursorRegister;

// What the generator knows of a register or segment base.
enum class Content : u8 { kNear, kLow, kSmall, kAny };

// Values of the same kind from the near or low memory. Stays clear of the edges by `kMargin`.
constexpr u64 kMargin = 2048;
u64 pointer_into(u64 start, u64 bytes, Random& random) {
  const u64 offset = kMargin + random.below(static_cast<unsigned>(bytes - 2 * kMargin));
  return start + (random.one_in(4) ? offset : offset & ~u64{63});
}

// Neither a likely pointer into mapped memory nor always noise. A 32-bit value is either small or
// close to 2 GiB: a stray store must not hit what the engine maps within reach of the code.
i32 displacement_like(Random& random) {
  switch (random.below(4)) {
    case 0:
      return static_cast<i32>(random.next() % 256) - 128;
    case 1:
      return static_cast<i32>(random.next() % 2048) - 1024;
    case 2:
      return static_cast<i32>(1u << random.below(24));
    default:
      return static_cast<i32>(0x7f800000u + random.next() % 0x01000000u);
  }
}
u64 any_value(Random& random) {
  switch (random.below(4)) {
    case 0:
      return static_cast<u64>(static_cast<i64>(displacement_like(random)));
    case 1:
      return ~u64{random.below(3)};
    case 2:
      return u64{1} << random.below(64);
    default:
      return random.next();
  }
}
u64 value_of(Content content, const Placement& placement, Random& random) {
  switch (content) {
    case Content::kNear:
      return pointer_into(placement.near_memory, kFuzzNearBytes, random);
    case Content::kLow:
      return pointer_into(placement.low_memory, kFuzzLowBytes, random);
    case Content::kSmall:
      return random.one_in(4) ? random.below(128) : random.below(8) * 16;
    case Content::kAny:
      break;
  }
  return any_value(random);
}

// What the generator believes to be in the registers at the place it has come to.
struct Beliefs {
  Content reg[kGprCount];
  Content fs, gs;
  bool x87_used = false;
};

Content random_content(Random& random) {
  const unsigned n = random.below(20);
  return n < 9 ? Content::kNear : n < 12 ? Content::kLow : n < 17 ? Content::kSmall : Content::kAny;
}

Beliefs random_beliefs(Random& random) {
  Beliefs beliefs;
  for (Content& content : beliefs.reg) content = random_content(random);
  if (!random.one_in(16)) beliefs.reg[x86::kRsp] = Content::kNear;
  beliefs.fs = random.one_in(2) ? Content::kNear : Content::kSmall;
  beliefs.gs = random.one_in(2) ? Content::kLow : Content::kSmall;
  return beliefs;
}

FuzzState random_state(const Beliefs& beliefs, const Placement& placement, Random& random) {
  FuzzState state{};
  for (unsigned reg = 0; reg < kGprCount; ++reg) {
    state.gpr[reg] = value_of(beliefs.reg[reg], placement, random);
  }
  state.rflags = 0x202 | (random.next() & x86::kStatusFlags) | (random.one_in(4) ? x86::kDf : 0);
  state.fs_base = value_of(beliefs.fs, placement, random);
  state.gs_base = value_of(beliefs.gs, placement, random);
  state.cut = random.below(2048) * 8;
  state.mxcsr = random.one_in(32) ? random.below(0x2000) << 3 & 0xffbf : 0x1f80;
  state.fcw = static_cast<u16>(random.one_in(32) ? 0x340 | random.below(64) : 0x37f);
  return state;
}

// --- Kinds of instructions ---

bool is_primary(const Insn& insn) {
  return insn.encoding == Encoding::kLegacy && insn.map == Map::kPrimary;
}
bool is_string(const Insn& insn) {
  return is_primary(insn) && ((insn.opcode >= 0xa4 && insn.opcode <= 0xa7) ||
                              (insn.opcode >= 0xaa && insn.opcode <= 0xaf));
}
// Port accesses and reading a performance counter: #GP as a rule.
bool is_forbidden(const Insn& insn) {
  if (insn.encoding == Encoding::kLegacy && insn.map == Map::k0f) return insn.opcode == 0x33;
  return is_primary(insn) && ((insn.opcode & 0xf4) == 0xe4 || (insn.opcode & 0xfc) == 0x6c);
}
bool is_movdir64b(const Insn& insn) {
  return insn.encoding == Encoding::kLegacy && insn.map == Map::k0f38 && insn.opcode == 0xf8;
}

// What the base of the operand's segment is believed to be.
Content segment_of(const Insn& insn, const Beliefs& beliefs) {
  return insn.segment_prefix == 0x64   ? beliefs.fs
         : insn.segment_prefix == 0x65 ? beliefs.gs
                                       : Content::kSmall;
}

// --- Operands ---

// A template being given new operands.
class Instance {
 public:
  Instance(const Template& from, const Placement& placement, u64 pc, const Beliefs& beliefs,
           Random& random)
      : placement_(placement), pc_(pc), beliefs_(beliefs), random_(random), insn_(from.insn) {
    std::memcpy(bytes_, from.bytes, sizeof bytes_);
  }

  // The bytes, or nothing when the template cannot be given operands here.
  std::optional<std::vector<u8>> make() {
    maybe_add_rex();
    choose_extension_bits();
    choose_registers();
    std::vector<u8> out(bytes_, bytes_ + head_bytes());
    if (insn_.modrm_offset != kAbsent) put_operand(out);
    if (insn_.modrm_offset == kAbsent && insn_.disp_size != 0) put_moffs(out);
    if (out.size() + insn_.imm_size > x86::kMaxInsnBytes) return std::nullopt;
    put_immediate(out);
    if (rip_) set_rip_displacement(out);
    Insn now;
    if (!x86::decode(out, x86::Mode::k64, now) || now.length != out.size() || !now.known ||
        !now.valid || now.opcode != insn_.opcode || now.flow != insn_.flow ||
        now.special != insn_.special) {
      return std::nullopt;
    }
    insn_ = now;
    return out;
  }
  const Insn& insn() const { return insn_; }

 private:
  bool legacy() const { return insn_.encoding == Encoding::kLegacy; }
  bool has(u8 field) const { return (insn_.gpr_fields & field) != 0; }
  bool is_memory() const { return insn_.modrm_offset != kAbsent && insn_.modrm < 0xc0; }
  unsigned head_bytes() const { return insn_.opcode_offset + 1u; }

  void maybe_add_rex() {
    if (!legacy() || insn_.rex_offset != kAbsent || insn_.length >= x86::kMaxInsnBytes ||
        random_.below(5) < 2) {
      return;
    }
    const unsigned at = insn_.legacy_prefix_count;
    std::memmove(bytes_ + at + 1, bytes_ + at, x86::kMaxInsnBytes - 1 - at);
    bytes_[at] = static_cast<u8>(0x40 | random_.below(16));
    Insn now;
    if (x86::decode(bytes_, x86::Mode::k64, now) && now.opcode == insn_.opcode &&
        now.special == insn_.special) {
      insn_ = now;
    } else {
      std::memmove(bytes_ + at, bytes_ + at + 1, x86::kMaxInsnBytes - 1 - at);
    }
  }

  // R4 X2 B1 of the encoding, by or'ing and masking the bits where they stand.
  void set_bit(u8 bit, bool on) {
    if (legacy()) {
      if (insn_.rex_offset == kAbsent) return;
      u8& rex = bytes_[insn_.rex_offset];
      rex = static_cast<u8>(on ? rex | bit : rex & ~bit);
      return;
    }
    if (insn_.encoding == Encoding::kVex2 && bit != 4) return;
    u8& byte = bytes_[insn_.vex_offset + 1];
    const u8 mask = static_cast<u8>(bit << 5);
    byte = static_cast<u8>(on ? byte & ~mask : byte | mask);
  }
  bool can_extend() const {
    return legacy() ? insn_.rex_offset != kAbsent : insn_.encoding != Encoding::kVex2;
  }
  bool can_extend_reg() const { return !legacy() || insn_.rex_offset != kAbsent; }
  void choose_extension_bits() {
    for (const u8 bit : {1, 2, 4}) set_bit(bit, random_.one_in(2));
  }

  // A register for an operand that is not an address: often the stolen one, seldom the stack
  // pointer.
  u8 choose_register(bool extended) {
    if (extended && random_.below(10) < 3) return kStolen;
    const u8 reg = static_cast<u8>(random_.below(extended ? 16 : 8));
    return reg == x86::kRsp && !random_.one_in(6) ? u8{x86::kRax} : reg;
  }

  void choose_registers() {
    if (has(x86::kFieldReg)) {
      const u8 reg = choose_register(can_extend_reg());
      insn_.modrm = static_cast<u8>((insn_.modrm & ~0x38) | (reg & 7) << 3);
      set_bit(4, reg >= 8);
    }
    if (has(x86::kFieldRm)) {
      const u8 reg = choose_register(can_extend());
      insn_.modrm = static_cast<u8>((insn_.modrm & ~7) | (reg & 7));
      set_bit(1, reg >= 8);
    }
    if (has(x86::kFieldOpcode)) {
      const u8 reg = choose_register(can_extend());
      insn_.opcode = static_cast<u8>((insn_.opcode & ~7) | (reg & 7));
      bytes_[insn_.opcode_offset] = insn_.opcode;
      set_bit(1, reg >= 8);
    }
    if (has(x86::kFieldVvvv)) {
      u8& byte = bytes_[insn_.vex_offset + (insn_.encoding == Encoding::kVex2 ? 1 : 2)];
      byte = static_cast<u8>((byte & ~0x78) | (~choose_register(true) & 15) << 3);
    }
  }

  // --- Addresses ---

  // A register believed to hold `content`, the stolen one with preference; kNoGpr when there is
  // none.
  Gpr register_with(Content content, bool index) {
    if (can_extend() && beliefs_.reg[kStolen] == content && random_.one_in(2)) return kStolen;
    GprSet fits = 0;
    for (unsigned reg = 0; reg < (can_extend() ? 16u : 8u); ++reg) {
      if (beliefs_.reg[reg] == content && !(index && reg == x86::kRsp)) fits |= 1u << reg;
    }
    if (fits == 0) return x86::kNoGpr;
    while (true) {
      const unsigned reg = random_.below(16);
      if (fits >> reg & 1) return static_cast<Gpr>(reg);
    }
  }

  Content segment() const { return segment_of(insn_, beliefs_); }

  // What the base register must hold for the operand to be accessible.
  Content wanted_base() {
    if (random_.one_in(25)) return Content::kAny;
    if (segment() != Content::kSmall) return Content::kSmall;
    if (insn_.address_size_prefix) return Content::kLow;
    return random_.one_in(4) ? Content::kLow : Content::kNear;
  }

  void put_disp(std::vector<u8>& out, i32 disp, unsigned size) {
    const u8* from = reinterpret_cast<const u8*>(&disp);
    out.insert(out.end(), from, from + size);
  }
  // Mostly a multiple of 16, as many vector operands must be aligned.
  i32 small_disp(i32 reach) {
    const i32 disp = static_cast<i32>(random_.below(2 * static_cast<unsigned>(reach))) - reach;
    return random_.one_in(4) ? disp : disp & ~15;
  }

  void put_operand(std::vector<u8>& out) {
    if (!is_memory()) {
      out.push_back(insn_.modrm);
      return;
    }
    const Content wanted = wanted_base();
    const Gpr base = register_with(wanted, false);
    const bool may_be_rip = !insn_.vsib && segment() == Content::kSmall && fits_address_size();
    if (may_be_rip && (base == x86::kNoGpr || random_.below(10) < 3)) return put_rip(out);
    if (base == x86::kNoGpr || random_.one_in(12)) return put_absolute(out, wanted);
    put_based(out, base);
  }

  // An [eip+d] operand reaches the near memory where that is below 4 GiB.
  bool fits_address_size() const {
    return !insn_.address_size_prefix || placement_.near_memory < u64{1} << 32;
  }
  void put_rip(std::vector<u8>& out) {
    rip_ = true;
    out.push_back(static_cast<u8>((insn_.modrm & 0x38) | 5));
    disp_at_ = static_cast<unsigned>(out.size());
    put_disp(out, 0, 4);
  }
  void set_rip_displacement(std::vector<u8>& out) {
    const u64 target =
        random_.one_in(40)
            ? pc_ + 0x7f800000 +
                  random_.below(0x400000)  // not the code itself, which may be writable
            : pointer_into(placement_.near_memory, kFuzzNearBytes, random_);
    const i32 disp = static_cast<i32>(target - pc_ - out.size());
    std::memcpy(&out[disp_at_], &disp, 4);
  }

  // SIB without base: a 32-bit displacement, and perhaps an index.
  void put_absolute(std::vector<u8>& out, Content wanted) {
    const Gpr index =
        insn_.vsib || random_.one_in(2) ? x86::kNoGpr : register_with(Content::kSmall, true);
    out.push_back(static_cast<u8>((insn_.modrm & 0x38) | 4));
    const u8 low = insn_.vsib             ? static_cast<u8>(random_.below(8))
                   : index == x86::kNoGpr ? 4
                                          : index & 7;
    out.push_back(static_cast<u8>(random_.below(4) << 6 | low << 3 | 5));
    if (!insn_.vsib) set_bit_in(out, 2, index != x86::kNoGpr && index >= 8);
    const bool offset_only = wanted == Content::kSmall;  // from a segment base
    put_disp(out,
             offset_only ? small_disp(256)
                         : static_cast<i32>(value_of(Content::kLow, placement_, random_)),
             4);
  }

  void put_based(std::vector<u8>& out, Gpr base) {
    const Gpr index = random_.one_in(2) ? x86::kNoGpr : register_with(Content::kSmall, true);
    const bool sib = insn_.vsib || index != x86::kNoGpr || (base & 7) == 4 || random_.one_in(8);
    unsigned mod = random_.below(3);
    if (mod == 0 && (base & 7) == 5) mod = 1;
    out.push_back(static_cast<u8>(mod << 6 | (insn_.modrm & 0x38) | (sib ? 4 : base & 7)));
    if (sib) {
      const u8 low = insn_.vsib             ? static_cast<u8>(random_.below(8))
                     : index == x86::kNoGpr ? 4
                                            : index & 7;
      out.push_back(static_cast<u8>(random_.below(4) << 6 | low << 3 | (base & 7)));
      if (!insn_.vsib) set_bit_in(out, 2, index != x86::kNoGpr && index >= 8);
    }
    set_bit_in(out, 1, base >= 8);
    if (mod == 1) put_disp(out, small_disp(128), 1);
    if (mod == 2)
      put_disp(out, random_.one_in(40) ? displacement_like(random_) : small_disp(256), 4);
  }
  // The head has been copied to `out` by now.
  void set_bit_in(std::vector<u8>& out, u8 bit, bool on) {
    set_bit(bit, on);
    std::memcpy(out.data(), bytes_, head_bytes());
  }

  void put_moffs(std::vector<u8>& out) {
    const Content wanted = wanted_base();
    const u64 address = insn_.address_size_prefix && wanted != Content::kSmall
                            ? value_of(Content::kLow, placement_, random_)
                            : value_of(wanted, placement_, random_);
    const u8* from = reinterpret_cast<const u8*>(&address);
    out.insert(out.end(), from, from + insn_.disp_size);
  }

  void put_immediate(std::vector<u8>& out) {
    u64 value = random_.next();
    if (insn_.imm_size == 4) value = static_cast<u64>(i64{displacement_like(random_)});
    if (insn_.imm_size == 8) value = value_of(random_content(random_), placement_, random_);
    const bool is_enter = legacy() && insn_.map == Map::kPrimary && insn_.opcode == 0xc8;
    if (is_enter) value = random_.below(64) | random_.below(4) << 16;
    const u8* from = reinterpret_cast<const u8*>(&value);
    out.insert(out.end(), from, from + insn_.imm_size);
  }

  const Placement& placement_;
  u64 pc_;
  const Beliefs& beliefs_;
  Random& random_;
  Insn insn_;
  u8 bytes_[x86::kMaxInsnBytes];
  bool rip_ = false;
  unsigned disp_at_ = 0;
};

// --- Whether it is likely to be accessible, and what is believed behind it ---

bool is_bit_string(const Insn& insn) {
  return insn.encoding == Encoding::kLegacy && insn.map == Map::k0f && insn.modrm < 0xc0 &&
         (insn.opcode & 0xe7) == 0xa3;
}
bool uses_stack(const Insn& insn) {
  return insn.encoding == Encoding::kLegacy && (insn.regs_implicit & set_of(x86::kRsp)) != 0;
}

bool is_pointer(Content content, const Insn& insn) {
  return content == Content::kLow || (content == Content::kNear && !insn.address_size_prefix);
}

// The registers whose contents the instruction uses as addresses without naming them.
GprSet implied_pointers(const Insn& insn) {
  if (!insn.reads_memory && !insn.writes_memory) return 0;
  if (is_string(insn)) return insn.regs_implicit & (set_of(x86::kRsi) | set_of(x86::kRdi));
  if (is_primary(insn) && insn.opcode == 0xd7) return set_of(x86::kRbx);
  if (is_primary(insn) && insn.opcode == 0xc9) return set_of(x86::kRbp);
  if (uses_stack(insn)) return set_of(x86::kRsp);
  if (insn.opcode == 0xf7 && insn.modrm >= 0xc0) return set_of(x86::kRdi);  // maskmovq, maskmovdqu
  return 0;
}

// Those of them that a segment prefix applies to.
GprSet implied_in_segment(const Insn& insn) {
  if (is_string(insn)) return insn.regs_implicit & set_of(x86::kRsi);
  if (is_primary(insn) && insn.opcode == 0xd7) return set_of(x86::kRbx);
  return insn.opcode == 0xf7 && insn.modrm >= 0xc0 ? set_of(x86::kRdi) : 0;
}

bool is_likely_accessible(const Insn& insn, const Beliefs& beliefs) {
  const GprSet pointers = implied_pointers(insn);
  const Content segment = segment_of(insn, beliefs);
  for (unsigned reg = 0; reg < kGprCount; ++reg) {
    const bool is_offset = segment != Content::kSmall && ((implied_in_segment(insn) >> reg) & 1);
    if (is_offset && beliefs.reg[reg] != Content::kSmall) return false;
    if ((pointers >> reg & 1) && !is_offset && !is_pointer(beliefs.reg[reg], insn)) return false;
  }
  if (is_bit_string(insn)) {
    const unsigned reg = (insn.modrm >> 3 & 7) | (insn.rex & 4) << 1;
    if (beliefs.reg[reg] != Content::kSmall) return false;
  }
  if (is_movdir64b(insn)) {  // its register operand is an address
    const unsigned reg = (insn.modrm >> 3 & 7) | (insn.rex & 4) << 1;
    if (!is_pointer(beliefs.reg[reg], insn)) return false;
  }
  return !insn.rep_string || beliefs.reg[x86::kRcx] == Content::kSmall;
}

void follow(const Insn& insn, Beliefs& beliefs) {
  const GprSet stepped = (is_string(insn) ? set_of(x86::kRsi) | set_of(x86::kRdi) : 0) |
                         (uses_stack(insn) ? set_of(x86::kRsp) : 0);
  const GprSet lost = insn.regs_written & ~(stepped & ~x86::encoded_registers(insn));
  for (unsigned reg = 0; reg < kGprCount; ++reg) {
    if (lost >> reg & 1) beliefs.reg[reg] = Content::kAny;
  }
  // A pointer into the near memory may have more than 32 bits.
  Content base = beliefs.reg[(insn.modrm & 7) | (insn.rex & 1) << 3];
  if (base == Content::kNear && !insn.rex_w) base = Content::kAny;
  if (insn.special == x86::Special::kWrFsBase) beliefs.fs = base;
  if (insn.special == x86::Special::kWrGsBase) beliefs.gs = base;
  beliefs.x87_used = beliefs.x87_used || insn.x87;
}

// x87 instructions leave their address for these to store.
bool would_store_x87_pc(const Insn& insn, const Beliefs& beliefs) {
  return beliefs.x87_used &&
         (insn.special == x86::Special::kX87Env || insn.special == x86::Special::kXsave);
}

// A jump to the next instruction, so that a block is not the target of an indirect jump itself: the
// entry for those does not preserve flags which the block overwrites, even where a fault would show
// them.
const std::vector<u8> kToNext{0xeb, 0x00};

// push imm32; popf in either size, with any flags but the trap flag.
std::vector<std::vector<u8>> flag_load(Random& random) {
  u32 flags = static_cast<u32>(random.next()) & (x86::kStatusFlags | x86::kDf | x86::kId);
  if (random.one_in(6)) flags |= x86::kAc;
  if (random.one_in(10)) flags |= x86::kNt;
  std::vector<u8> push{0x68, 0, 0, 0, 0};
  std::memcpy(&push[1], &flags, 4);
  if (random.one_in(3)) return {push, {0x66, 0x9d}};
  return {push, {0x9d}};
}

std::vector<u8> choose_insn(const Templates& templates, const Placement& placement, u64 pc,
                            Beliefs& beliefs, Random& random) {
  while (true) {
    const Template& which = templates.pick(random);
    const bool faults = which.insn.flow != x86::Flow::kNext || is_forbidden(which.insn);
    if (faults && !random.one_in(12)) continue;
    Instance instance(which, placement, pc, beliefs, random);
    std::optional<std::vector<u8>> bytes = instance.make();
    if (!bytes || would_store_x87_pc(instance.insn(), beliefs)) continue;
    if (!is_likely_accessible(instance.insn(), beliefs) && !random.one_in(25)) continue;
    follow(instance.insn(), beliefs);
    return *bytes;
  }
}

FuzzCase random_start(const Beliefs& beliefs, const Placement& placement, u64 pc, Random& random) {
  FuzzCase start;
  start.pc = pc;
  for (FuzzState& state : start.state) state = random_state(beliefs, placement, random);
  return start;
}

void put_rip_form(std::vector<u8>& code, const Placement& placement, std::initializer_list<u8> head,
                  u64 target) {
  code.insert(code.end(), head);
  const i32 disp = static_cast<i32>(target - (placement.code + kFuzzTailOffset + code.size() + 4));
  const u8* from = reinterpret_cast<const u8*>(&disp);
  code.insert(code.end(), from, from + 4);
}

}  // namespace

std::vector<u8> make_pool(const Placement& placement, u64 seed) {
  Random random(seed);
  std::vector<u8> pool(kFuzzPoolBytes);
  for (unsigned at = 0; at < kFuzzPoolBytes; at += 8) {
    const Content content = random.one_in(3) ? Content::kSmall : random_content(random);
    const u64 value = value_of(content, placement, random);
    std::memcpy(&pool[at], &value, 8);
  }
  return pool;
}

std::vector<u8> make_tail(const Placement& placement) {
  std::vector<u8> code;
  for (unsigned reg = 0; reg < kGprCount; ++reg) {  // mov [save], reg
    const u8 rex = static_cast<u8>(0x48 | (reg >> 3) << 2);
    put_rip_form(code, placement, {rex, 0x89, static_cast<u8>((reg & 7) << 3 | 5)},
                 placement.save + offsetof(FuzzSave, gpr) + 8 * reg);
  }
  put_rip_form(code, placement, {0x48, 0x8d, 0x25}, placement.save + sizeof(FuzzSave));  // lea rsp
  code.push_back(0x9c);                                                                  // pushfq
  put_rip_form(code, placement, {0xff, 0x25}, placement.save + offsetof(FuzzSave, after));
  return code;
}

Block make_block(const Templates& templates, const Placement& placement, u64 pc, Random& random) {
  Beliefs beliefs = random_beliefs(random);
  Block block;
  block.start = random_start(beliefs, placement, pc, random);
  block.insns.push_back(kToNext);
  pc += kToNext.size();
  const unsigned count = 2 + random.below(kFuzzMaxInsns);
  while (block.insns.size() < count) {
    if (random.one_in(64) && block.insns.size() + 2 <= count) {
      for (std::vector<u8>& insn : flag_load(random)) {
        pc += insn.size();
        block.insns.push_back(std::move(insn));
      }
      continue;
    }
    block.insns.push_back(choose_insn(templates, placement, pc, beliefs, random));
    pc += block.insns.back().size();
  }
  return block;
}

Block make_single(std::span<const u8> insn, const Placement& placement, u64 pc, Random& random) {
  const Beliefs beliefs = random_beliefs(random);
  Block block;
  block.start = random_start(beliefs, placement, pc, random);
  block.insns.push_back(kToNext);
  block.insns.emplace_back(insn.begin(), insn.end());
  return block;
}

std::vector<u8> assemble(const Block& block, const Placement& placement) {
  std::vector<u8> code;
  for (const std::vector<u8>& insn : block.insns) code.insert(code.end(), insn.begin(), insn.end());
  code.push_back(0xe9);
  const i32 disp =
      static_cast<i32>(placement.code + kFuzzTailOffset - (block.start.pc + code.size() + 4));
  const u8* from = reinterpret_cast<const u8*>(&disp);
  code.insert(code.end(), from, from + 4);
  return code;
}

}  // namespace tiptoe::fuzz
