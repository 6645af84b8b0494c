// Turns the symbols of one file, which overlap, nest, repeat and lack sizes, into disjoint ranges
// with one function each.
//
// Rules: of several symbols at one address the best name wins; a symbol without a size inside a
// sized function is a label and is dropped; elsewhere it reaches to the next symbol; a nested
// function cuts a hole into its outer one.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/types.h"

namespace tiptoe::symbol {

// Which source of names is believed first.
enum class Rank : u8 {
  kUnwind = 0,   // .eh_frame knows where a function is, not what it is called
  kEntry = 1,    // learned: something called this address
  kUntyped = 2,  // assembler labels and functions without .type
  kLocal = 3,
  kWeak = 4,
  kGlobal = 5,
};

struct Candidate {
  u64 start = 0;
  u64 size = 0;  // 0: unknown
  Rank rank = Rank::kUntyped;
  std::string name;  // empty: unnamed
};

struct FunctionRange {
  u64 start = 0;
  u64 end = 0;
  u32 function = 0;  // index into FunctionRanges::functions
};

struct FunctionRanges {
  std::vector<Candidate> functions;   // those that won
  std::vector<FunctionRange> ranges;  // disjoint, by start

  // The range that holds `address`, or nullptr.
  const FunctionRange* find(u64 address) const;
};

// `limit`: no symbol without a size reaches over it (the ends of executable segments).
FunctionRanges make_function_ranges(std::vector<Candidate> candidates, std::span<const u64> limits);

}  // namespace tiptoe::symbol
