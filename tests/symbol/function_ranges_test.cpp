// Overlapping, nested and unsized symbols become disjoint ranges with one name each.
#include "symbol/function_ranges.h"

#include <gtest/gtest.h>

#include <random>

#include "symbol/demangle.h"
#include "symbol/elf_functions.h"

namespace tiptoe::symbol {
namespace {

std::string name_at(const FunctionRanges& ranges, u64 address) {
  const FunctionRange* range = ranges.find(address);
  if (range == nullptr) return "-";
  const std::string& name = ranges.functions[range->function].name;
  return name.empty() ? "?" : name;
}

TEST(FunctionRanges, a_sized_function_ends_where_it_says) {
  const auto ranges = make_function_ranges({{100, 10, Rank::kGlobal, "f"}}, {});
  EXPECT_EQ(name_at(ranges, 99), "-");
  EXPECT_EQ(name_at(ranges, 100), "f");
  EXPECT_EQ(name_at(ranges, 109), "f");
  EXPECT_EQ(name_at(ranges, 110), "-");
}

TEST(FunctionRanges, the_best_of_several_names_wins) {
  const auto ranges = make_function_ranges({{100, 10, Rank::kLocal, "local"},
                                            {100, 10, Rank::kGlobal, "__libc_f"},
                                            {100, 10, Rank::kGlobal, "f"},
                                            {100, 10, Rank::kUnwind, ""}},
                                           {});
  EXPECT_EQ(name_at(ranges, 105), "f");
}

TEST(FunctionRanges, labels_inside_a_function_say_nothing) {
  const auto ranges =
      make_function_ranges({{100, 10, Rank::kGlobal, "f"}, {104, 0, Rank::kUntyped, "loop"}}, {});
  EXPECT_EQ(name_at(ranges, 106), "f");
}

TEST(FunctionRanges, a_label_alone_reaches_to_the_next_function_or_the_end) {
  const u64 limits[] = {300};
  const auto ranges =
      make_function_ranges({{100, 0, Rank::kUntyped, "a"}, {200, 0, Rank::kUntyped, "b"}}, limits);
  EXPECT_EQ(name_at(ranges, 199), "a");
  EXPECT_EQ(name_at(ranges, 299), "b");
  EXPECT_EQ(name_at(ranges, 300), "-");
}

TEST(FunctionRanges, an_unwind_table_gives_a_label_its_size) {
  const auto ranges =
      make_function_ranges({{100, 0, Rank::kUntyped, "_start"}, {100, 20, Rank::kUnwind, ""}}, {});
  EXPECT_EQ(name_at(ranges, 119), "_start");
  EXPECT_EQ(name_at(ranges, 120), "-");
}

TEST(FunctionRanges, a_nested_function_cuts_a_hole) {
  const auto ranges = make_function_ranges(
      {{100, 100, Rank::kGlobal, "outer"}, {120, 10, Rank::kGlobal, "inner"}}, {});
  EXPECT_EQ(name_at(ranges, 119), "outer");
  EXPECT_EQ(name_at(ranges, 125), "inner");
  EXPECT_EQ(name_at(ranges, 130), "outer");
}

TEST(FunctionRanges, are_disjoint_and_ordered_whatever_the_symbols) {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    std::vector<Candidate> candidates;
    for (u32 i = random() % 30; i != 0; --i) {
      candidates.push_back({random() % 200, random() % 3 == 0 ? 0 : random() % 60,
                            static_cast<Rank>(random() % 6), std::to_string(i)});
    }
    const u64 limits[] = {150, 250};
    const auto ranges = make_function_ranges(candidates, limits);
    u64 free_from = 0;
    for (const FunctionRange& range : ranges.ranges) {
      ASSERT_GE(range.start, free_from);
      ASSERT_GT(range.end, range.start);
      free_from = range.end;
    }
    // Where something began, something is.
    for (const Candidate& candidate : candidates) {
      ASSERT_NE(ranges.find(candidate.start), nullptr) << candidate.start;
    }
  }
}

TEST(ElfFunctions, finds_libc_and_its_stubs) {
  const auto elf = read_elf_functions("/lib/x86_64-linux-gnu/libc.so.6", {});
  ASSERT_TRUE(elf.has_value());
  const auto has = [&](const std::string& name) {
    return std::any_of(elf->candidates.begin(), elf->candidates.end(),
                       [&](const Candidate& candidate) { return candidate.name == name; });
  };
  EXPECT_TRUE(has("malloc"));
  EXPECT_TRUE(has("malloc@plt"));
  const auto ranges = make_function_ranges(elf->candidates, elf->segment_ends());
  for (const Candidate& candidate : elf->candidates) {
    if (candidate.name == "qsort") {
      EXPECT_EQ(name_at(ranges, candidate.start), "qsort");
    }
  }
}

TEST(ElfFunctions, a_stripped_program_still_has_its_unwind_table) {
  const auto elf = read_elf_functions("/bin/ls", {});
  ASSERT_TRUE(elf.has_value());
  const auto unnamed =
      std::count_if(elf->candidates.begin(), elf->candidates.end(),
                    [](const Candidate& candidate) { return candidate.rank == Rank::kUnwind; });
  EXPECT_GT(unnamed, 50);
}

TEST(ElfFunctions, other_files_have_none) {
  EXPECT_FALSE(read_elf_functions("/etc/passwd", {}).has_value());
  EXPECT_FALSE(read_elf_functions("/no/such/file", {}).has_value());
}

TEST(Demangle, knows_what_is_encoded_and_leaves_the_rest) {
  EXPECT_EQ(demangle("_ZN3foo3barEi"), "foo::bar(int)");
  EXPECT_EQ(demangle("i"), "i");
  EXPECT_EQ(demangle("main"), "main");
  EXPECT_EQ(demangle("_Znwm@plt"), "operator new(unsigned long)@plt");
  EXPECT_EQ(demangle("_Znot_really"), "_Znot_really");
}

}  // namespace
}  // namespace tiptoe::symbol
