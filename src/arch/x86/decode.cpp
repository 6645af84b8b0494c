// Decoding in four steps: prefixes and encoding, then ModRM and displacement, then the rule of the
// opcode (rules_*.h) with its immediate, then what the rule says about registers, flags and memory.
// A reader that never passes the end of the bytes, nor the 15th byte, carries all of it.
#include "arch/x86/decode.h"

#include <type_traits>
#include <utility>

#include "arch/x86/decode_tables.h"
#include "arch/x86/rule_effects.h"

namespace tiptoe::x86 {
namespace {

using namespace rules;  // NOLINT: the vocabulary of the tables is what this file is about.

// Applied to opcodes without a rule: anything may happen.
constexpr Rule kUnknownRule = op(0).opaque();

// One instruction on its way through the four steps.
class Decoder {
 public:
  Decoder(std::span<const u8> bytes, Mode mode, Insn& out)
      : bytes_(bytes.data()),
        size_(bytes.size() < kMaxInsnBytes ? static_cast<unsigned>(bytes.size()) : kMaxInsnBytes),
        is64_(mode == Mode::k64),
        out_(out) {}

  bool run() {
    read_prefixes();
    read_opcode();
    if (has_modrm()) read_modrm();
    if (space_ == k3dnow) read_opcode_byte();
    find_rule();
    read_immediate();
    if (failed_) return false;
    out_.length = static_cast<u8>(position_);
    describe_control();
    describe_registers();
    describe_flags();
    describe_memory();
    check_lock();
    return true;
  }

 private:
  bool can_read(unsigned count);
  void fail(unsigned needed);
  u8 peek();
  u8 read_byte();
  i64 read_signed(unsigned count);
  void read_opcode_byte();

  void read_prefixes();
  void use_legacy_prefix(u8 byte);
  void read_opcode();
  void read_vector_or_escape();
  void read_escape();
  void read_vex2();
  void read_vex3();
  void read_evex();
  void read_rex2();
  void begin_vector(Encoding encoding);
  void use_rex(u8 rex, u8 high_bits);

  bool has_modrm() const;
  void read_modrm();
  void read_memory();
  void read_memory16();

  void find_rule();
  bool applies(const Rule& rule, u8 where) const;
  Imm default_immediate() const;
  Imm map4_immediate() const;
  void read_immediate();
  void read_plain_immediate(unsigned first, unsigned rest = 0);
  void read_branch(unsigned size);

  void describe_control();
  void describe_registers();
  void describe_address();
  void describe_address16();
  void describe_implicit();
  void describe_flags();
  void describe_memory();
  void use(unsigned operand, unsigned number, u8 field);
  void read_address_register(unsigned number, u8 field);
  bool is_zero_idiom() const;
  FlagSet flags_killed_by_count() const;
  void check_lock();

  bool is_memory() const { return out_.modrm_offset != kAbsent && (out_.modrm < 0xc0); }
  bool is_rep_string() const { return (rule_->traits & kString) && (out_.rep || out_.repne); }
  unsigned z_size() const { return operand16_ ? 2 : 4; }
  unsigned modrm_reg() const { return (out_.modrm >> 3) & 7; }
  unsigned modrm_rm() const { return out_.modrm & 7; }

  const u8* bytes_;
  unsigned size_;  // at most 15
  bool is64_;
  Insn& out_;

  unsigned position_ = 0;
  bool failed_ = false;
  bool refused_ = false;  // an opcode that the encoding does not allow

  Space space_ = kPrimary;
  u8 pp_ = kBare;
  bool operand16_ = false;
  u8 reg_high_ = 0, index_high_ = 0, base_high_ = 0;  // 8 and 16, to be added to three-bit fields
  u8 vvvv_ = 0;
  const Rule* rule_ = &kUnknownRule;
};

// Reading bytes.

bool Decoder::can_read(unsigned count) {
  if (position_ + count <= size_) return true;
  if (!failed_) fail(position_ + count);
  return false;
}

void Decoder::fail(unsigned needed) {
  failed_ = true;
  out_.length = static_cast<u8>(needed < kMaxInsnBytes ? needed : kMaxInsnBytes);
  if (size_ == kMaxInsnBytes) out_.valid = false;
}

u8 Decoder::peek() {
  return can_read(1) ? bytes_[position_] : 0;
}

u8 Decoder::read_byte() {
  return can_read(1) ? bytes_[position_++] : 0;
}

i64 Decoder::read_signed(unsigned count) {
  if (count == 0 || !can_read(count)) return 0;
  u64 value = 0;
  for (unsigned i = 0; i < count; ++i) value |= u64{bytes_[position_ + i]} << (8 * i);
  position_ += count;
  const unsigned unused = 64 - 8 * count;
  return static_cast<i64>(value << unused) >> unused;
}

void Decoder::read_opcode_byte() {
  out_.opcode_offset = static_cast<u8>(position_);
  out_.opcode = read_byte();
}

// Prefixes and encoding.

// Bytes that are a legacy prefix or REX in either mode, as a set.
struct ByteSet {
  u64 words[4] = {};
  constexpr void add(unsigned byte) { words[byte / 64] |= u64{1} << (byte % 64); }
  constexpr bool has(u8 byte) const { return words[byte / 64] >> (byte % 64) & 1; }
};

constexpr ByteSet prefix_bytes() {
  ByteSet set;
  for (u8 byte : {0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65}) set.add(byte);
  for (unsigned byte = 0x40; byte < 0x50; ++byte) set.add(byte);
  return set;
}
constexpr ByteSet kPrefixBytes = prefix_bytes();

void Decoder::read_prefixes() {
  u8 rex = 0;  // only a REX directly before the opcode counts
  for (u8 byte = peek(); kPrefixBytes.has(byte) && !failed_; byte = peek()) {
    const bool is_rex = (byte & 0xf0) == 0x40;
    if (is_rex && !is64_) break;  // inc, dec
    rex = is_rex ? byte : 0;
    if (!is_rex) use_legacy_prefix(byte);
    ++position_;
  }
  out_.legacy_prefix_count = static_cast<u8>(position_ - (rex ? 1 : 0));
  if (rex == 0) return;
  out_.rex_offset = static_cast<u8>(position_ - 1);
  use_rex(rex & 15, 0);
}

void Decoder::use_legacy_prefix(u8 byte) {
  switch (byte) {
    case 0x66:
      out_.operand_size_prefix = true;
      break;
    case 0x67:
      out_.address_size_prefix = true;
      break;
    case 0xf0:
      out_.lock = true;
      break;
    case 0xf2:
    case 0xf3:  // of several repeat prefixes the last counts
      out_.repne = byte == 0xf2;
      out_.rep = byte == 0xf3;
      break;
    default:  // in 64-bit mode es, cs, ss and ds mean nothing
      if (!is64_ || byte >= 0x64) out_.segment_prefix = byte;
      break;
  }
}

// `rex` is W8 R4 X2 B1; `high_bits` the same for bit 4 of the register numbers.
// In 32-bit mode (where VEX and EVEX have the bits) they select nothing.
void Decoder::use_rex(u8 rex, u8 high_bits) {
  if (!is64_) rex &= 8, high_bits = 0;
  out_.rex = rex;
  out_.rex_w = rex & 8;
  reg_high_ = static_cast<u8>(((rex & 4) << 1) | ((high_bits & 4) << 2));
  index_high_ = static_cast<u8>(((rex & 2) << 2) | ((high_bits & 2) << 3));
  base_high_ = static_cast<u8>(((rex & 1) << 3) | ((high_bits & 1) << 4));
}

void Decoder::read_opcode() {
  pp_ = out_.repne ? kF2 : out_.rep ? kF3 : out_.operand_size_prefix ? k66 : kBare;
  read_vector_or_escape();
  const bool legacy = out_.encoding == Encoding::kLegacy || out_.encoding == Encoding::kRex2;
  operand16_ = legacy && out_.operand_size_prefix && !out_.rex_w;
}

// In 32-bit mode c4, c5 and 62 are les, lds and bound when a memory form follows. 8f is pop when
// what would be the map is less than 8.
void Decoder::read_vector_or_escape() {
  read_opcode_byte();
  const u8 byte = out_.opcode;
  if (byte == 0x0f) return read_escape();
  if (byte != 0xc5 && byte != 0xc4 && byte != 0x62 && byte != 0x8f && byte != 0xd5) return;
  if (byte == 0xd5) return is64_ ? read_rex2() : void();
  const u8 next = peek();
  if (byte == 0x8f) return (next & 0x1f) >= 8 ? read_vex3() : void();
  if (!is64_ && next < 0xc0) return;
  if (byte == 0xc5) return read_vex2();
  return byte == 0xc4 ? read_vex3() : read_evex();
}

void Decoder::read_escape() {
  read_opcode_byte();
  space_ = k0f, out_.map = Map::k0f;
  switch (out_.opcode) {
    case 0x38:
      read_opcode_byte(), space_ = k0f38, out_.map = Map::k0f38;
      break;
    case 0x3a:
      read_opcode_byte(), space_ = k0f3a, out_.map = Map::k0f3a;
      break;
    case 0x0f:
      space_ = k3dnow, out_.map = Map::k3dnow;
      break;  // its opcode comes last
    default:
      break;
  }
}

// Maps by their number in the prefix.
constexpr Space kVexSpaces[] = {kUncharted, kVex0f,     kVex0f38,   kVex0f3a,
                                kUncharted, kUncharted, kUncharted, kVex7};
constexpr Space kEvexSpaces[] = {kUncharted, kEvex0f, kEvex0f38, kEvex0f3a,
                                 kUncharted, kEvex5,  kEvex6,    kUncharted};
constexpr Space kXopSpaces[] = {kXop8, kXop9, kXopA};

template <unsigned N>
Space space_of(const Space (&spaces)[N], unsigned map) {
  return map < N ? spaces[map] : kUncharted;
}

void Decoder::begin_vector(Encoding encoding) {
  const bool refused = out_.lock || out_.rep || out_.repne || out_.operand_size_prefix;
  if (refused || out_.rex_offset != kAbsent) out_.valid = false;
  out_.encoding = encoding;
  out_.vex_offset = out_.opcode_offset;
}

void Decoder::read_vex2() {
  begin_vector(Encoding::kVex2);
  const u8 payload = read_byte();
  use_rex(payload & 0x80 ? 0 : 4, 0);
  vvvv_ = (~payload >> 3) & 15;
  pp_ = static_cast<u8>(1u << (payload & 3));
  space_ = kVex0f, out_.map = Map::k0f;
  read_opcode_byte();
}

void Decoder::read_vex3() {
  const bool xop = out_.opcode == 0x8f;
  begin_vector(xop ? Encoding::kXop : Encoding::kVex3);
  const u8 first = read_byte(), second = read_byte();
  const unsigned map = first & 31;
  use_rex(static_cast<u8>((second >> 4 & 8) | (~first >> 5 & 7)), 0);
  vvvv_ = (~second >> 3) & 15;
  pp_ = static_cast<u8>(1u << (second & 3));
  out_.map = static_cast<Map>(map);
  space_ = xop ? space_of(kXopSpaces, map - 8) : space_of(kVexSpaces, map);
  read_opcode_byte();
}

// R3 X3 B3 R4 B4 m2 m1 m0 | W v3 v2 v1 v0 X4 p1 p0 | z L' L b V4 a2 a1 a0, of which R3, X3, B3, R4,
// v, X4 and V4 are inverted. B4 and X4 (fixed bits before APX) address registers above r15.
void Decoder::read_evex() {
  begin_vector(Encoding::kEvex);
  const u8 first = read_byte(), second = read_byte(), third = read_byte();
  const unsigned map = first & 7;
  const u8 low = static_cast<u8>((second >> 4 & 8) | (~first >> 5 & 7));
  const u8 high = static_cast<u8>((~first >> 2 & 4) | (~second >> 1 & 2) | (first >> 3 & 1));
  use_rex(low, high);
  vvvv_ = static_cast<u8>((~second >> 3 & 15) | (~third << 1 & 16));
  pp_ = static_cast<u8>(1u << (second & 3));
  out_.map = static_cast<Map>(map);
  const bool apx = (first & 8) || !(second & 4);
  space_ = apx ? kUncharted : space_of(kEvexSpaces, map);
  read_opcode_byte();
}

// M0 R4 X4 B4 W R3 X3 B3: the legacy maps 0 and 1 with 32 registers.
void Decoder::read_rex2() {
  if (out_.rex_offset != kAbsent) out_.valid = false;
  out_.encoding = Encoding::kRex2;
  out_.vex_offset = out_.opcode_offset;
  const u8 payload = read_byte();
  use_rex(payload & 15, payload >> 4 & 7);
  if (payload & 0x80) space_ = k0f, out_.map = Map::k0f;
  read_opcode_byte();
  // Short branches, immediates of al, string instructions and the like have no such form. Neither
  // do we have jmpabs, which stands in their place: no processor runs it yet.
  const u8 row = out_.opcode >> 4;
  if (payload & 0x80) {
    refused_ = row == 3 || row == 8;
  } else {
    refused_ = row == 4 || row == 7 || row == 10 || row == 14;
  }
  if (refused_) out_.valid = false;
}

// ModRM, SIB, displacement.

bool Decoder::has_modrm() const {
  if (space_ == kUncharted) return true;
  const unsigned slot = space_ * 256u + out_.opcode;
  if (kTable.modrm[slot / 8] >> (slot % 8) & 1) return true;
  if (space_ == kPrimary) return false;
  return space_ == k3dnow || kTable.start[slot] == kTable.start[slot + 1];  // unknown: has one
}

void Decoder::read_modrm() {
  out_.modrm_offset = static_cast<u8>(position_);
  out_.modrm = read_byte();
  if (space_ == k0f && (out_.opcode & 0xfc) == 0x20) out_.modrm |= 0xc0;  // mov cr, dr: no memory
  if (!is_memory()) return;
  if (!is64_ && out_.address_size_prefix) {
    read_memory16();
  } else {
    read_memory();
  }
}

void Decoder::read_memory() {
  const unsigned mod = out_.modrm >> 6;
  unsigned base = modrm_rm();
  if (base == 4) {
    out_.sib_offset = static_cast<u8>(position_);
    out_.sib = read_byte();
    base = out_.sib & 7;
  }
  out_.disp_size = mod == 1 ? 1 : mod == 2 ? 4 : 0;
  if (mod == 0 && base == 5) {
    out_.disp_size = 4;
    out_.rip_relative = is64_ && out_.sib_offset == kAbsent;
  }
  if (out_.disp_size) out_.disp_offset = static_cast<u8>(position_);
  out_.disp = read_signed(out_.disp_size);
}

void Decoder::read_memory16() {
  const unsigned mod = out_.modrm >> 6;
  out_.disp_size = static_cast<u8>(mod == 0 && modrm_rm() == 6 ? 2 : mod);
  if (out_.disp_size) out_.disp_offset = static_cast<u8>(position_);
  out_.disp = read_signed(out_.disp_size);
}

// The rule.

bool Decoder::applies(const Rule& rule, u8 where) const {
  return (rule.pp & pp_) && (rule.where & where) == where && (rule.reg_values >> modrm_reg() & 1) &&
         (rule.rm_values >> modrm_rm() & 1);
}

void Decoder::find_rule() {
  const u8 form = out_.modrm_offset == kAbsent ? 0 : is_memory() ? kMemForm : kRegForm;
  const u8 where = static_cast<u8>(form | (is64_ ? kIn64 : kIn32) | (out_.rex_w ? kW1 : kW0) |
                                   (base_high_ ? kB1 : kB0));
  if (space_ != kUncharted && !refused_) {
    const unsigned slot = space_ * 256u + out_.opcode;
    for (unsigned i = kTable.start[slot]; i < kTable.start[slot + 1]; ++i) {
      const Rule& rule = kTable.rules[kTable.order[i]];
      if (!applies(rule, where)) continue;
      rule_ = &rule;
      return;
    }
  }
  out_.known = false;
  if (space_ == kPrimary) out_.valid = false;  // the one-byte map has no room left
}

// What follows an opcode of which only the map is known.
Imm Decoder::default_immediate() const {
  switch (out_.map) {
    case Map::k0f3a:
    case Map::kXop8:
      return Imm::k8;
    case Map::kMap7:
    case Map::kXopA:
      return Imm::k32;
    case Map::kMap4:
      return map4_immediate();
    case Map::kPrimary:
      if (out_.encoding == Encoding::kRex2 && out_.opcode == 0xa1) return Imm::kMoffs;  // jmpabs
      return Imm::kNone;
    case Map::k0f: {
      if (out_.encoding == Encoding::kLegacy || out_.encoding == Encoding::kRex2) return Imm::kNone;
      const u8 o = out_.opcode;
      const bool has = (o >= 0x70 && o <= 0x73) || o == 0xc2 || (o >= 0xc4 && o <= 0xc6);
      return has ? Imm::k8 : Imm::kNone;
    }
    default:
      return Imm::kNone;
  }
}

// EVEX map 4 holds the one-byte opcodes (and some of 0f) in their APX form.
Imm Decoder::map4_immediate() const {
  switch (out_.opcode) {
    case 0x24:
    case 0x2c:
    case 0x6b:
    case 0x80:
    case 0x83:
    case 0xc0:
    case 0xc1:
      return Imm::k8;
    case 0x69:
    case 0x81:
      return Imm::kZ;
    case 0xf6:
      return modrm_reg() < 2 ? Imm::k8 : Imm::kNone;
    case 0xf7:
      return modrm_reg() < 2 ? Imm::kZ : Imm::kNone;
    default:
      return Imm::kNone;
  }
}

void Decoder::read_plain_immediate(unsigned first, unsigned rest) {
  out_.imm_offset = static_cast<u8>(position_);
  out_.imm_size = static_cast<u8>(first + rest);
  out_.imm = read_signed(first);
  read_signed(rest);
}

void Decoder::read_branch(unsigned size) {
  read_plain_immediate(size);
  out_.branch_offset = out_.imm;
}

void Decoder::read_immediate() {
  if (space_ == kUncharted) operand16_ = pp_ == k66 && !out_.rex_w;
  switch (out_.known ? rule_->immediate : default_immediate()) {
    case Imm::kNone:
      return;
    case Imm::k8:
      return read_plain_immediate(1);
    case Imm::k16:
      return read_plain_immediate(2);
    case Imm::kZ:
      return read_plain_immediate(z_size());
    case Imm::kV:
      return read_plain_immediate(out_.rex_w ? 8 : z_size());
    case Imm::k32:
      return read_plain_immediate(4);
    case Imm::k16And8:
      return read_plain_immediate(2, 1);
    case Imm::k8And8:
      return read_plain_immediate(1, 1);
    case Imm::kFar:
      return read_plain_immediate(z_size(), 2);
    case Imm::kRel8:
      return read_branch(1);
    case Imm::kRelZ:
      return read_branch(is64_ ? 4 : z_size());
    case Imm::kRelV:
      return read_branch(z_size());
    case Imm::kMoffs:
      out_.disp_offset = static_cast<u8>(position_);
      out_.disp_size = static_cast<u8>((is64_ ? 8 : 4) >> (out_.address_size_prefix ? 1 : 0));
      out_.disp = read_signed(out_.disp_size);
      return;
  }
}

// What the rule means here.

void Decoder::describe_control() {
  out_.flow = rule_->control;
  out_.special = rule_->special_kind;
  out_.x87 = rule_->traits & kX87;
  out_.vsib = rule_->traits & kVsib;
  out_.rep_string = is_rep_string();
  if (rule_->traits & kUndefinedOp) out_.valid = false;
  if (rule_->traits & kCondition) out_.cond = static_cast<Cond>(out_.opcode & 15);
}

// A register operand. ah, ch, dh and bh are not what their field says: they count as implicit.
void Decoder::use(unsigned operand, unsigned number, u8 field) {
  const unsigned size = operand & kClass;
  if (size == 0) return;
  const bool uniform_bytes = out_.rex_offset != kAbsent || out_.encoding != Encoding::kLegacy;
  const bool high_byte = size == kByte && !uniform_bytes && number >= 4;
  const GprSet set = GprSet{1} << (high_byte ? number - 4 : number);
  if (high_byte) {
    out_.regs_implicit |= set;
  } else {
    out_.gpr_fields |= field;
  }
  if (operand & kR) out_.regs_read |= set;
  if (operand & (kW | kC)) out_.regs_written |= set;
  const bool whole = size == kFull || (size == kVar && !operand16_);
  if ((operand & kW) && whole) out_.regs_killed |= set;
}

bool Decoder::is_zero_idiom() const {
  return (rule_->traits & kZeroIdiom) && !is_memory() && modrm_reg() == modrm_rm() &&
         reg_high_ == base_high_;
}

void Decoder::describe_registers() {
  const unsigned mask = is_zero_idiom() ? kClass | kW | kC : 0xff;
  if (out_.modrm_offset != kAbsent) {
    use(rule_->reg_operand & mask, modrm_reg() | reg_high_, kFieldReg);
    if (is_memory()) {
      describe_address();
    } else {
      use(rule_->rm_operand & mask, modrm_rm() | base_high_, kFieldRm);
    }
  }
  const bool in_opcode = out_.vex_offset == kAbsent || out_.encoding == Encoding::kRex2;
  if (in_opcode) {
    use(rule_->third_operand, (out_.opcode & 7u) | base_high_, kFieldOpcode);
  } else {
    use(rule_->third_operand, is64_ ? vvvv_ : vvvv_ & 7, kFieldVvvv);
  }
  describe_implicit();
}

void Decoder::read_address_register(unsigned number, u8 field) {
  out_.regs_read |= GprSet{1} << number;
  out_.gpr_fields |= field;
}

void Decoder::describe_address() {
  if (!is64_ && out_.address_size_prefix) return describe_address16();
  const bool no_base = (out_.modrm >> 6) == 0;
  if (out_.sib_offset == kAbsent) {
    if (no_base && modrm_rm() == 5) return;
    return read_address_register(modrm_rm() | base_high_, kFieldBase);
  }
  if (!no_base || (out_.sib & 7) != 5) {
    read_address_register((out_.sib & 7u) | base_high_, kFieldBase);
  }
  const unsigned index = (out_.sib >> 3 & 7u) | index_high_;
  if (!out_.vsib && index != 4) read_address_register(index, kFieldIndex);
}

// 16-bit addressing: the pairs are fixed, nothing can be renamed.
void Decoder::describe_address16() {
  constexpr GprSet bx = set_of(kRbx), bp = set_of(kRbp), si = set_of(kRsi), di = set_of(kRdi);
  constexpr GprSet kPairs[8] = {bx | si, bx | di, bp | si, bp | di, si, di, bp, bx};
  if (out_.modrm < 0x40 && modrm_rm() == 6) return;
  out_.regs_read |= kPairs[modrm_rm()];
  out_.regs_implicit |= kPairs[modrm_rm()];
}

void Decoder::describe_implicit() {
  const RegEffect& effect = kRegEffects.of[static_cast<u8>(rule_->implicit)];
  out_.regs_read |= effect.read;
  out_.regs_written |= effect.written;
  out_.regs_implicit |= effect.read | effect.written;
  if (!operand16_) out_.regs_killed |= effect.killed;
  if (out_.rep_string) {  // rcx may be zero, and then nothing changes
    out_.regs_read |= set_of(kRcx);
    out_.regs_written |= set_of(kRcx);
    out_.regs_implicit |= set_of(kRcx);
    out_.regs_killed = 0;
  }
}

void Decoder::describe_flags() {
  constexpr FlagSet kReadBy[8] = {kOf, kCf, kZf, kCf | kZf, kSf, kPf, kSf | kOf, kZf | kSf | kOf};
  const FlagEffect& effect = kFlagEffects.of[static_cast<u8>(rule_->flag_effect)];
  out_.flags_read = effect.read;
  out_.flags_written = effect.written;
  out_.flags_killed = out_.rep_string ? 0 : effect.killed;
  if (rule_->traits & kCondition) out_.flags_read |= kReadBy[out_.opcode >> 1 & 7];
  if (rule_->traits & kShiftImm) out_.flags_killed |= flags_killed_by_count();
}

// Shifts and rotates by a count that is not zero overwrite flags; a count of one defines OF too.
// Counts beyond a narrow operand leave CF undefined, so only wide ones are trusted with it.
FlagSet Decoder::flags_killed_by_count() const {
  const bool bytes = (rule_->rm_operand & kClass) == kByte;
  const unsigned count = out_.imm & (out_.rex_w && !bytes ? 63 : 31);
  if (count == 0) return 0;
  const FlagSet overflow = count == 1 ? kOf : 0;
  if (rule_->flag_effect == Fx::kRotate) return kCf | overflow;
  const bool wide = !bytes && !operand16_;
  return overflow | (wide ? kSf | kZf | kPf | kCf : 0);
}

void Decoder::describe_memory() {
  out_.reads_memory = rule_->traits & kReadsMem;
  out_.writes_memory = rule_->traits & kWritesMem;
  if (!is_memory()) return;
  if (rule_->rm_operand & kR) out_.reads_memory = true;
  if (rule_->rm_operand & (kW | kC)) out_.writes_memory = true;
  if (!out_.known) out_.reads_memory = out_.writes_memory = true;
}

void Decoder::check_lock() {
  if (out_.lock && !((rule_->traits & kLockable) && is_memory())) out_.valid = false;
}

// out = Insn{}, in plain stores: without vector registers the compiler would take `rep stos`, which
// costs as much as decoding a short instruction.
static_assert(std::is_trivially_copyable_v<Insn> && sizeof(Insn) % 8 == 0);

template <std::size_t... kWords>
void clear(Insn& out, std::index_sequence<kWords...>) {
  u8* bytes = reinterpret_cast<u8*>(&out);
  (__builtin_memset(bytes + 8 * kWords, 0, 8), ...);
  out.rex_offset = out.vex_offset = out.modrm_offset = kAbsent;
  out.sib_offset = out.disp_offset = out.imm_offset = kAbsent;
  out.known = out.valid = true;
}

}  // namespace

bool decode(std::span<const u8> bytes, Mode mode, Insn& out) {
  clear(out, std::make_index_sequence<sizeof(Insn) / 8>());
  return Decoder(bytes, mode, out).run();
}

}  // namespace tiptoe::x86
