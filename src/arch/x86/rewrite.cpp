#include "arch/x86/rewrite.h"

namespace tiptoe::x86 {
namespace {

// The register numbers of the five encoded places, taken apart so that they can be changed and put
// together again in any encoding.
struct Fields {
  u8 reg, rm, base, index, opcode_reg, vvvv;
};

bool has(const Insn& insn, u8 field) {
  return (insn.gpr_fields & field) != 0;
}

Fields take_apart(const Insn& insn, std::span<const u8> bytes) {
  const u8 r = (insn.rex >> 2 & 1) << 3, x = (insn.rex >> 1 & 1) << 3, b = (insn.rex & 1) << 3;
  Fields f{};
  f.reg = r | (insn.modrm >> 3 & 7);
  f.rm = b | (insn.modrm & 7);
  f.base = b | (insn.sib_offset != kAbsent ? insn.sib & 7 : insn.modrm & 7);
  f.index = x | (insn.sib >> 3 & 7);
  f.opcode_reg = b | (insn.opcode & 7);
  if (insn.vex_offset != kAbsent && insn.encoding != Encoding::kRex2) {
    const unsigned byte = insn.vex_offset + (insn.encoding == Encoding::kVex2 ? 1 : 2);
    f.vvvv = ~bytes[byte] >> 3 & 15;
  }
  return f;
}

// Everything of the new instruction that differs from the old one.
struct Image {
  u8 rex;  // R4 X2 B1
  u8 modrm, sib, opcode, vvvv;
  bool sib_present;
  u8 disp_size;
  i32 disp;
};

Image changed_image(std::span<const u8> bytes, const Insn& insn, const Rewrite& rewrite) {
  const Fields old = take_apart(insn, bytes);
  Image image{static_cast<u8>(insn.rex & 7),
              insn.modrm,
              insn.sib,
              insn.opcode,
              old.vvvv,
              insn.sib_offset != kAbsent,
              insn.disp_size,
              static_cast<i32>(insn.disp)};
  const auto renamed = [&](u8 field, u8 number) {
    return has(insn, field) && number == rewrite.rename_from;
  };
  const u8 to = rewrite.rename_to & 7;
  if (renamed(kFieldReg, old.reg)) {
    image.modrm = static_cast<u8>((image.modrm & ~0x38) | to << 3);
    image.rex &= ~4;
  }
  if (renamed(kFieldRm, old.rm)) {
    image.modrm = static_cast<u8>((image.modrm & ~7) | to);
    image.rex &= ~1;
  }
  if (renamed(kFieldBase, old.base)) {
    u8& holder = image.sib_present ? image.sib : image.modrm;
    holder = static_cast<u8>((holder & ~7) | to);
    image.rex &= ~1;
  }
  if (renamed(kFieldIndex, old.index)) {
    image.sib = static_cast<u8>((image.sib & ~0x38) | to << 3);
    image.rex &= ~2;
  }
  if (renamed(kFieldOpcode, old.opcode_reg)) {
    image.opcode = static_cast<u8>((image.opcode & ~7) | to);
    image.rex &= ~1;
  }
  if (renamed(kFieldVvvv, old.vvvv)) image.vvvv = to;

  switch (rewrite.memory) {
    case Rewrite::Memory::kKeep:
      break;
    case Rewrite::Memory::kBase:
      image.modrm = static_cast<u8>((image.modrm & 0x38) | (rewrite.base & 7));
      image.sib_present = false;
      image.disp_size = 0;
      image.rex &= ~3;
      break;
    case Rewrite::Memory::kRebase: {
      const bool had_base = !image.sib_present || (image.sib & 7) != 5 || image.modrm >= 0x40;
      if (!had_base) image.modrm |= 0x80;  // mod 2: the displacement has 32 bits already
      u8& holder = image.sib_present ? image.sib : image.modrm;
      holder = static_cast<u8>((holder & ~7) | (rewrite.base & 7));
      image.rex &= ~1;
      break;
    }
    case Rewrite::Memory::kRipRelative:
      image.disp = rewrite.displacement;
      break;
    case Rewrite::Memory::kAbsolute:  // SIB without base and index
      image.modrm = static_cast<u8>((image.modrm & 0x38) | 4);
      image.sib = 0x25;
      image.sib_present = true;
      image.disp_size = 4;
      image.disp = rewrite.displacement;
      image.rex &= ~3;
      break;
  }
  return image;
}

constexpr u8 kAddressSizePrefix = 0x67, kFsPrefix = 0x64;

bool is_segment_prefix(u8 byte) {
  return byte == 0x64 || byte == 0x65 || byte == 0x26 || byte == 0x2e || byte == 0x36 ||
         byte == 0x3e;
}

// A REX byte with another prefix behind it means nothing, until that prefix is dropped.
bool is_stale_rex(u8 byte) {
  return (byte & 0xf0) == 0x40;
}

class Writer {
 public:
  explicit Writer(u8* out) : start_(out), out_(out) {}
  void put(u8 byte) { *out_++ = byte; }
  void put(const u8* from, unsigned count) {
    for (unsigned i = 0; i < count; ++i) put(from[i]);
  }
  unsigned length() const { return static_cast<unsigned>(out_ - start_); }

 private:
  u8* start_;
  u8* out_;
};

// Prefixes up to and including the last opcode byte.
void put_head(Writer& w, std::span<const u8> bytes, const Insn& insn, const Image& image,
              const Rewrite& rewrite) {
  const bool drop_address_size = rewrite.drop_address_size ||
                                 (rewrite.drop_segment && rewrite.memory == Rewrite::Memory::kBase);
  const bool drops = rewrite.drop_segment || drop_address_size;
  for (unsigned i = 0; i < insn.legacy_prefix_count; ++i) {
    const bool dropped = (rewrite.drop_segment && is_segment_prefix(bytes[i])) ||
                         (drop_address_size && bytes[i] == kAddressSizePrefix) ||
                         (drops && is_stale_rex(bytes[i]));
    if (dropped) continue;
    w.put(rewrite.fs_for_gs && is_segment_prefix(bytes[i]) ? kFsPrefix : bytes[i]);
  }
  const u8 inverted = static_cast<u8>(~image.rex);
  const u8* vex = insn.vex_offset != kAbsent ? &bytes[insn.vex_offset] : nullptr;
  const u8 r7 = static_cast<u8>((inverted & 4) << 5), x6 = static_cast<u8>((inverted & 2) << 5),
           b5 = static_cast<u8>((inverted & 1) << 5);
  const u8 v = static_cast<u8>((~image.vvvv & 15) << 3);
  switch (insn.encoding) {
    case Encoding::kLegacy: {
      if (insn.rex_offset != kAbsent) {
        w.put(static_cast<u8>((bytes[insn.rex_offset] & 0xf8) | image.rex));
      }
      const unsigned from =
          insn.rex_offset != kAbsent ? insn.rex_offset + 1u : insn.legacy_prefix_count;
      w.put(&bytes[from], insn.opcode_offset - from);
      break;
    }
    case Encoding::kVex2:
      w.put(vex[0]);
      w.put(static_cast<u8>(r7 | v | (vex[1] & 7)));
      break;
    case Encoding::kVex3:
    case Encoding::kXop:
      w.put(vex[0]);
      w.put(static_cast<u8>(r7 | x6 | b5 | (vex[1] & 0x1f)));
      w.put(static_cast<u8>((vex[2] & 0x87) | v));
      break;
    case Encoding::kEvex:
      w.put(vex[0]);
      w.put(static_cast<u8>(r7 | x6 | b5 | (vex[1] & 0x1f)));
      w.put(static_cast<u8>((vex[2] & 0x87) | v));
      w.put(vex[3]);
      break;
    case Encoding::kRex2:
      w.put(vex[0]);
      w.put(static_cast<u8>((vex[1] & 0xf8) | image.rex));
      break;
  }
  w.put(image.opcode);
}

void put_operand(Writer& w, const Insn& insn, const Image& image) {
  if (insn.modrm_offset == kAbsent) return;
  w.put(image.modrm);
  if (image.sib_present) w.put(image.sib);
  w.put(reinterpret_cast<const u8*>(&image.disp), image.disp_size);
}

}  // namespace

unsigned reencode(std::span<const u8> bytes, const Insn& insn, const Rewrite& rewrite, u8* out) {
  const Image image = changed_image(bytes, insn, rewrite);
  Writer w(out);
  put_head(w, bytes, insn, image, rewrite);
  put_operand(w, insn, image);
  if (insn.modrm_offset == kAbsent && insn.disp_size != 0) {  // moffs
    w.put(&bytes[insn.disp_offset], insn.disp_size);
  }
  if (insn.imm_size != 0) w.put(&bytes[insn.imm_offset], insn.imm_size);
  return w.length();
}

GprSet encoded_registers(const Insn& insn) {
  const u8 r = (insn.rex >> 2 & 1) << 3, x = (insn.rex >> 1 & 1) << 3, b = (insn.rex & 1) << 3;
  GprSet set = 0;
  const auto add = [&](u8 field, unsigned number) {
    if (has(insn, field)) set |= 1u << number;
  };
  add(kFieldReg, r | (insn.modrm >> 3 & 7));
  add(kFieldRm, b | (insn.modrm & 7));
  add(kFieldBase, b | (insn.sib_offset != kAbsent ? insn.sib & 7 : insn.modrm & 7));
  add(kFieldIndex, x | (insn.sib >> 3 & 7));
  add(kFieldOpcode, b | (insn.opcode & 7));
  if (has(insn, kFieldVvvv)) set |= insn.regs_read | insn.regs_written;
  return set;
}

unsigned encode_operand_load(const Insn& insn, Gpr to, u8* out) {
  Writer w(out);
  // Of the legacy prefixes only segment and address size mean something for a load, and each once:
  // the load may be a byte longer than the instruction.
  if (insn.segment_prefix != 0) w.put(insn.segment_prefix);
  if (insn.address_size_prefix) w.put(kAddressSizePrefix);
  w.put(static_cast<u8>(0x48 | (insn.rex & 3) | (to >> 3) << 2));
  w.put(0x8b);
  w.put(static_cast<u8>((insn.modrm & ~0x38) | (to & 7) << 3));
  if (insn.sib_offset != kAbsent) w.put(insn.sib);
  const i32 disp = static_cast<i32>(insn.disp);
  w.put(reinterpret_cast<const u8*>(&disp), insn.disp_size);
  return w.length();
}

}  // namespace tiptoe::x86
