// The executed code of a trace, prepared for walking it: every block decoded once, every exit with
// what leaving by it means, every stretch of a block with the function it belongs to.
//
// Memory: 16 bytes an exit and about 40 a block. Built once, then constant, except that place_of()
// may name new functions.
#pragma once

#include <span>
#include <vector>

#include "symbol/symbolizer.h"
#include "trace/address_space.h"
#include "trace/program.h"

namespace tiptoe::analysis {

using symbol::FunctionId;

struct Instruction {
  u64 pc = 0;
  std::span<const u8> bytes;
  u32 module = trace::kNone;
};

// The instructions of a block, in order. Shorter than the block says when its bytes do not decode.
std::vector<Instruction> decode_block(const trace::Image& image, const trace::Block& block);

// One exit id: which block, how much of it ran, how it was left.
struct ExitInfo {
  u64 next_pc = 0;  // of the instruction after the one that left: a call's return address
  u32 block = 0;
  u16 instructions = 0;  // executed when the block is left here
  ExitKind kind{};
};

// A run of a block's instructions that lie in one function.
struct Piece {
  FunctionId function = 0;
  u16 first_instruction = 0;
  bool at_entry = false;  // begins at the function's first byte
};

struct BlockInfo {
  u64 pc = 0;
  u32 first_piece = 0;
  u16 piece_count = 0;
  u16 instructions = 0;
};

struct ImageCode {
  std::vector<ExitInfo> exits;    // by slot, see trace::Image::slot_of
  std::vector<BlockInfo> blocks;  // as trace::Image::blocks
  std::vector<Piece> pieces;

  std::span<const Piece> pieces_of(const BlockInfo& block) const {
    return {pieces.data() + block.first_piece, block.piece_count};
  }
};

class CodeMap {
 public:
  CodeMap(const trace::Program& program, symbol::Symbolizer& symbols);

  const ImageCode& image(u32 index) const { return images_[index]; }
  symbol::Symbolizer& symbols() const { return symbols_; }
  // The function at an address that no block vouches for (a signal's, a thread's start): taken from
  // the last module that was mapped there in this image.
  symbol::Place place_of(u32 image, u64 pc) const;

 private:
  void add_block(const trace::Image& image, const trace::Block& block, ImageCode& out);

  symbol::Symbolizer& symbols_;
  std::vector<ImageCode> images_;
  std::vector<trace::AddressSpace> modules_;  // by image index
};

// The last module that lay at each address, by image index.
std::vector<trace::AddressSpace> last_modules(const trace::Program& program);

}  // namespace tiptoe::analysis
