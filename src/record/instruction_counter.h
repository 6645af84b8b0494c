// How many instructions a recording stands for, counted while it is drained.
//
// Every flow word stands for the instructions of its block up to the exit taken; the definitions
// say how many those are. One counter an image: exit ids are numbered per image.
#pragma once

#include <span>
#include <vector>

#include "base/types.h"

namespace tiptoe::record {

class InstructionCounter {
 public:
  // The payload of a kBlock definition; a malformed one is ignored.
  void define(std::span<const u8> block);
  void count(std::span<const u32> words);
  u64 instructions() const { return instructions_; }

 private:
  // Counts the exits that `words` begin with, as far as that goes fast; returns how many.
  size_t count_exits(std::span<const u32> words);

  std::vector<u16> by_exit_;  // exit id -> instructions
  u64 instructions_ = 0;
};

// The words of a chunk whose owner died: up to the first word that was not written.
size_t written_words(std::span<const u32> chunk);

}  // namespace tiptoe::record
