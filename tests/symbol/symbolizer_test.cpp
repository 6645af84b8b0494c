// Names come from the file that ran, or not at all.
// hazard: 6.16
#include "symbol/symbolizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/trace_builder.h"
#include "trace/module_identity.h"

namespace tiptoe::symbol {
namespace {

using testing::TraceBuilder;

constexpr char kLibc[] = "/lib/x86_64-linux-gnu/libc.so.6";

// A trace with libc's code mapped, as its build-id recorded or another.
trace::Program program_with_libc(bool same_build) {
  TraceBuilder b;
  trace::ModuleIdentity identity = *trace::identify_module(kLibc);
  if (!same_build) identity.build_id[0] ^= 1;
  EXPECT_TRUE(b.writer().write_module_identity(identity).ok());
  const auto elf = read_elf_functions(kLibc, {});
  for (const LoadSegment& segment : elf->segments) {
    if (!segment.executable) continue;
    b.map(0x7f0000000000 + segment.address, segment.file_bytes, kLibc, segment.file_offset);
  }
  static std::optional<trace::Reader> reader;  // the program's records are copies
  reader.emplace(*trace::Reader::open(b.finish()));
  return trace::Program::load(*reader);
}

u64 address_of(const std::string& name) {
  const auto elf = read_elf_functions(kLibc, {});
  for (const Candidate& candidate : elf->candidates) {
    if (candidate.name == name) return candidate.start;
  }
  return 0;
}

u32 libc_module(const trace::Program& program) {
  for (u32 i = 0; i < program.modules.size(); ++i) {
    if (program.modules[i].path == kLibc) return i;
  }
  return trace::kNone;
}

TEST(Symbolizer, names_code_by_the_file_that_ran) {
  const trace::Program program = program_with_libc(true);
  Symbolizer symbols(program);
  const Place place = symbols.find(libc_module(program), 0x7f0000000000 + address_of("qsort") + 2);
  EXPECT_EQ(symbols.function(place.function).name, "qsort");
  EXPECT_EQ(place.offset, 2u);
  EXPECT_TRUE(symbols.warnings().empty());
}

TEST(Symbolizer, does_not_name_code_by_another_build) {
  const trace::Program program = program_with_libc(false);
  Symbolizer symbols(program);
  const u64 qsort = 0x7f0000000000 + address_of("qsort");
  const Place place = symbols.find(libc_module(program), qsort);
  EXPECT_THAT(symbols.function(place.function).name, ::testing::StartsWith("libc.so.6+0x"));
  symbols.find(libc_module(program), qsort + 100);
  EXPECT_EQ(symbols.warnings().size(), 1u);
}

TEST(Symbolizer, learned_entries_divide_unknown_code) {
  TraceBuilder b;
  const auto reader = *trace::Reader::open(b.finish());
  const trace::Program program = trace::Program::load(reader);
  Symbolizer symbols(program);
  symbols.learn_entry(0, 0x2000);
  symbols.learn_entry(0, 0x3000);
  EXPECT_EQ(symbols.function(symbols.find(0, 0x2fff).function).name, "[anonymous]+0x2000");
  EXPECT_EQ(symbols.function(symbols.find(0, 0x3001).function).name, "[anonymous]+0x3000");
  EXPECT_FALSE(symbols.find(0, 0x3001).is_entry());
  EXPECT_TRUE(symbols.find(0, 0x3000).is_entry());
}

}  // namespace
}  // namespace tiptoe::symbol
