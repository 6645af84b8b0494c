// Random straight-line blocks for the relocator's fuzz test.
//
// Templates are random instructions of every opcode map that the decoder knows. A block is made of
// templates whose operands are chosen anew: mostly addresses that can be accessed, because the
// generator follows which registers still hold pointers, with emphasis on the register that
// recording steals, on RIP-relative operands and on the stack pointer.
#pragma once

#include <vector>

#include "arch/byte_sources.h"
#include "arch/x86/decode.h"
#include "programs/fuzz_format.h"

namespace tiptoe::fuzz {

using x86::oracle::Random;

// One instruction with its decoded form.
struct Template {
  u8 bytes[x86::kMaxInsnBytes];
  x86::Insn insn;
  bool named = false;  // of the list, not drawn
};

// Random instructions that the test may run, grouped by opcode, and those that the relocator has
// rules of its own for, each a group of its own.
class Templates {
 public:
  explicit Templates(u64 seed);

  std::size_t size() const { return all_.size(); }
  const Template& operator[](std::size_t i) const { return all_[i]; }

  // Leaves out those that `keep` does not want (the processor does not have them).
  void filter(const std::vector<bool>& keep);
  const Template& pick(Random& random) const;

 private:
  using Groups = std::vector<std::vector<u32>>;
  void add_random(u64 seed);
  void add_named();
  void group();

  std::vector<Template> all_;
  Groups general_, vector_;  // with and without general-purpose registers among the operands
  Groups named_;
};

// Where things are while the blocks run; see FuzzHeader.
struct Placement {
  const char* name;
  u64 code, save, near_memory, low_memory;
  u64 wall[kFuzzWalls][2];
  bool writable;
};

constexpr u64 kFuzzTailOffset = 64;      // from the start of the code: the common tail
constexpr u64 kFuzzBlocksOffset = 4096;  // the first block
constexpr u64 kFuzzBlockBytes = 256;     // from one block to the next
constexpr unsigned kFuzzMaxInsns = 12;

struct Block {
  FuzzCase start;
  std::vector<std::vector<u8>> insns;
};

std::vector<u8> make_pool(const Placement& placement, u64 seed);
// The code that all blocks jump to when they are done.
std::vector<u8> make_tail(const Placement& placement);

Block make_block(const Templates& templates, const Placement& placement, u64 pc, Random& random);
// One instruction as it is.
Block make_single(std::span<const u8> insn, const Placement& placement, u64 pc, Random& random);

// The block's bytes with its jump to the tail.
std::vector<u8> assemble(const Block& block, const Placement& placement);

}  // namespace tiptoe::fuzz
