// Where the runtime and the shared memory go, in the address spaces that Linux makes.
#include "inject/placement.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace tiptoe::inject {
namespace {

constexpr u64 kMiB = u64{1} << 20;
constexpr u64 kGiB = u64{1} << 30;
constexpr u64 kRuntimeBytes = 4 * kMiB;
constexpr u64 kSegmentBytes = 4 * kGiB + kMiB;

Mapping mapping(u64 start, u64 end, const char* path) {
  Mapping result;
  result.start = start;
  result.end = end;
  result.path = path;
  return result;
}

ProcessFacts facts(std::vector<Mapping> mappings, u64 linker, u64 vdso,
                   u64 stack_limit = 8 * kMiB) {
  ProcessFacts result;
  std::sort(mappings.begin(), mappings.end(),
            [](const Mapping& a, const Mapping& b) { return a.start < b.start; });
  result.mappings = std::move(mappings);
  if (linker) result.auxv[AT_BASE] = linker;
  if (vdso) result.auxv[AT_SYSINFO_EHDR] = vdso;
  result.stack_limit_bytes = stack_limit;
  return result;
}

// ld.so below the stack, the vdso above it, as Debian 12's kernel does.
ProcessFacts dynamic_program() {
  return facts({mapping(0x555555554000, 0x55555555f000, "/bin/cat"),
                mapping(0x7ffff7fca000, 0x7ffff7fff000, "/lib64/ld-linux-x86-64.so.2"),
                mapping(0x7ffffffde000, 0x7ffffffff000, "[stack]"),
                mapping(0xffffffffff600000, 0xffffffffff601000, "[vsyscall]")},
               0x7ffff7fca000, 0);
}

void expect_free(const ProcessFacts& facts, u64 start, u64 bytes) {
  for (const Mapping& mapping : facts.mappings) {
    EXPECT_TRUE(start + bytes < mapping.start || mapping.end < start)
        << std::hex << start << " meets " << mapping.start;
    if (mapping.path == "[stack]" && start < mapping.end && facts.stack_limit_bytes != ~u64{0}) {
      EXPECT_LE(start + bytes, mapping.end - facts.stack_limit_bytes - kMiB) << "no room to grow";
    }
  }
  EXPECT_GE(start, u64{1} << 32);
  EXPECT_EQ(start % kPageBytes, 0u);
}

u64 runtime_of(const ProcessFacts& facts) {
  const Expected<u64> place = place_runtime(facts, kRuntimeBytes);
  EXPECT_TRUE(place);
  if (!place) return 0;
  expect_free(facts, *place, kRuntimeBytes);
  return *place;
}

u64 distance(u64 a, u64 b) {
  return a < b ? b - a : a - b;
}

TEST(PlaceRuntime, just_above_the_dynamic_linker_below_the_stack) {
  const u64 place = runtime_of(dynamic_program());
  EXPECT_GT(place, 0x7ffff7fff000u);
  EXPECT_LT(place, 0x7ffff7fff000u + 16 * kMiB);
}

TEST(PlaceRuntime, above_the_vdso_of_a_static_program) {
  EXPECT_LT(distance(runtime_of(facts({mapping(0x400000, 0x5ec000, "/bin/busybox"),
                                       mapping(0x7eff7cf6b000, 0x7eff7cf6d000, "[vdso]"),
                                       mapping(0x7ffe5ab32000, 0x7ffe5ab53000, "[stack]")},
                                      0, 0x7eff7cf6b000)),
                     0x7eff7cf6b000),
            kGiB);
}

TEST(PlaceRuntime, below_the_stacks_room_when_only_the_stack_is_up_there) {
  const u64 place = runtime_of(facts({mapping(0x400000, 0x5ec000, "/bin/busybox"),
                                      mapping(0x7ffe5ab32000, 0x7ffe5ab53000, "[stack]"),
                                      mapping(0x7ffe5ab9b000, 0x7ffe5ab9d000, "[vdso]")},
                                     0, 0x7ffe5ab9b000));
  EXPECT_LT(distance(place, 0x7ffe5ab9b000), kGiB);
}

TEST(PlaceRuntime, below_the_libraries_where_they_grow_upwards) {
  const u64 place = runtime_of(facts({mapping(0x14d11dc1c000, 0x14d11dc24000, "[vdso]"),
                                      mapping(0x14d11dc24000, 0x14d11dc59000, "/lib64/ld.so"),
                                      mapping(0x55dfc0c92000, 0x55dfc0c9e000, "/bin/cat"),
                                      mapping(0x55dfd0c92000, 0x55dfd0c9e000, "[heap]"),
                                      mapping(0x7ffd8c955000, 0x7ffd8c976000, "[stack]")},
                                     0x14d11dc24000, 0x14d11dc22000, ~u64{0}));
  EXPECT_LT(place, 0x14d11dc1c000u);
  EXPECT_LT(distance(place, 0x14d11dc24000), kGiB);
}

TEST(PlaceRuntime, elsewhere_when_the_stacks_room_begins_at_the_libraries) {
  ProcessFacts crowded = dynamic_program();
  crowded.stack_limit_bytes = 128 * kMiB;
  runtime_of(crowded);
}

TEST(PlaceSegment, far_below_the_libraries_in_application_memory_of_sanitizers) {
  const ProcessFacts program = dynamic_program();
  const Expected<u64> place = place_segment(program, kSegmentBytes);
  ASSERT_TRUE(place);
  expect_free(program, *place, kSegmentBytes);
  EXPECT_GE(*place, 0x7e8000000000u);  // ThreadSanitizer's, GCC 12
  EXPECT_LT(*place, 0x7ef000000000u);
}

TEST(PlaceSegment, next_to_what_is_there_already) {
  ProcessFacts program = dynamic_program();
  program.mappings.insert(program.mappings.begin() + 1,
                          mapping(0x7e9000000000, 0x7e9000001000, "/dev/shm/taken"));
  const Expected<u64> place = place_segment(program, kSegmentBytes);
  ASSERT_TRUE(place);
  expect_free(program, *place, kSegmentBytes);
  EXPECT_LT(*place, 0x7ef000000000u);
}

TEST(Placement, a_full_address_space_is_an_error) {
  const ProcessFacts full = facts({mapping(0x1000, 0x7ffffffff000, "everything")}, 0, 0);
  EXPECT_FALSE(place_runtime(full, kRuntimeBytes));
  EXPECT_FALSE(place_segment(full, kSegmentBytes));
}

}  // namespace
}  // namespace tiptoe::inject
