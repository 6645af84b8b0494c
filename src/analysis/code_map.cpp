#include "analysis/code_map.h"

#include <map>

#include "arch/x86/decode.h"

namespace tiptoe::analysis {

std::vector<Instruction> decode_block(const trace::Image& image, const trace::Block& block) {
  std::vector<Instruction> instructions;
  instructions.reserve(block.instruction_count);
  const x86::Mode mode = block.mode == 1 ? x86::Mode::k32 : x86::Mode::k64;
  for (u32 i = 0; i < block.segment_count; ++i) {
    const trace::Segment& segment = image.segments[block.first_segment + i];
    for (size_t at = 0; at < segment.bytes.size();) {
      if (instructions.size() == block.instruction_count) return instructions;
      x86::Insn insn;
      const std::span<const u8> rest = segment.bytes.subspan(at);
      if (!x86::decode(rest, mode, insn) || insn.length == 0) return instructions;
      instructions.push_back({segment.pc + at, rest.first(insn.length), segment.module});
      at += insn.length;
    }
  }
  return instructions;
}

std::vector<trace::AddressSpace> last_modules(const trace::Program& program) {
  std::map<u32, u32> index_of;
  for (u32 i = 0; i < program.images.size(); ++i) index_of[program.images[i].number] = i;
  std::vector<trace::AddressSpace> spaces(program.images.size());
  for (u32 i = 0; i < program.modules.size(); ++i) {
    const trace::Module& module = program.modules[i];
    const auto image = index_of.find(module.image);
    if (image != index_of.end()) spaces[image->second].map(module.start, module.bytes, i);
  }
  return spaces;
}

CodeMap::CodeMap(const trace::Program& program, symbol::Symbolizer& symbols)
    : symbols_(symbols), images_(program.images.size()), modules_(last_modules(program)) {
  for (u32 i = 0; i < program.images.size(); ++i) {
    const trace::Image& image = program.images[i];
    images_[i].exits.reserve(image.exit_count());
    images_[i].blocks.reserve(image.blocks.size());
    for (const trace::Block& block : image.blocks) add_block(image, block, images_[i]);
  }
}

symbol::Place CodeMap::place_of(u32 image, u64 pc) const {
  return symbols_.find(modules_[image].find(pc, trace::kNone), pc);
}

void CodeMap::add_block(const trace::Image& image, const trace::Block& block, ImageCode& out) {
  const std::vector<Instruction> instructions = decode_block(image, block);
  const u32 index = static_cast<u32>(out.blocks.size());
  BlockInfo info{.pc = image.segments[block.first_segment].pc,
                 .first_piece = static_cast<u32>(out.pieces.size()),
                 .piece_count = 0,
                 .instructions = block.instruction_count};
  for (size_t i = 0; i < instructions.size(); ++i) {
    const symbol::Place place = symbols_.find(instructions[i].module, instructions[i].pc);
    if (info.piece_count != 0 && out.pieces.back().function == place.function) continue;
    out.pieces.push_back({place.function, static_cast<u16>(i), place.is_entry()});
    ++info.piece_count;
  }
  if (info.piece_count == 0) {  // nothing decodes: it still is somewhere
    const symbol::Place place = symbols_.find(image.segments[block.first_segment].module, info.pc);
    out.pieces.push_back({place.function, 0, place.is_entry()});
    info.piece_count = 1;
  }
  for (u32 i = 0; i < block.exit_count; ++i) {
    const BlockExit exit = block.exit(i);
    u64 next_pc = exit.target;
    if (exit.instruction < instructions.size()) {
      const Instruction& last = instructions[exit.instruction];
      next_pc = last.pc + last.bytes.size();
    }
    out.exits.push_back({next_pc, index, static_cast<u16>(exit.instruction + 1), exit.kind});
  }
  out.blocks.push_back(info);
}

}  // namespace tiptoe::analysis
