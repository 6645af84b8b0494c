// The runtime's ELF image, laid out from outside.
#include "inject/runtime_image.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>

#include "bridge/boot.h"
#include "support/fake_runtime.h"

namespace tiptoe::inject {
namespace {

using ::tiptoe::testing::fake_runtime;

TEST(RuntimeImage, has_code_data_and_the_two_symbols) {
  const Expected<RuntimeImage> image = RuntimeImage::parse(fake_runtime());
  ASSERT_TRUE(image) << image.error().message;
  bool entry_is_code = false, boot_is_data = false;
  for (const ImageSegment& segment : image->segments()) {
    EXPECT_EQ(segment.offset % kPageBytes, 0u);
    EXPECT_NE(segment.protection & (PROT_WRITE | PROT_EXEC), PROT_WRITE | PROT_EXEC);
    const auto holds = [&](u64 offset) {
      return segment.offset <= offset && offset < segment.offset + segment.bytes;
    };
    entry_is_code |= holds(image->entry_offset()) && segment.protection == (PROT_READ | PROT_EXEC);
    boot_is_data |= holds(image->boot_offset()) && segment.protection == (PROT_READ | PROT_WRITE);
  }
  EXPECT_TRUE(entry_is_code);
  EXPECT_TRUE(boot_is_data);
}

TEST(RuntimeImage, pointers_are_relocated) {
  const Expected<RuntimeImage> image = RuntimeImage::parse(fake_runtime());
  ASSERT_TRUE(image);
  constexpr u64 kBase = 0x7e1234560000;
  const std::vector<u8> at_zero = image->relocated(0), at_base = image->relocated(kBase);
  ASSERT_EQ(at_zero.size(), image->bytes());
  size_t moved = 0;
  for (size_t i = 0; i + 8 <= at_zero.size(); i += 8) {
    u64 before, after;
    std::memcpy(&before, &at_zero[i], 8);
    std::memcpy(&after, &at_base[i], 8);
    if (before == after) continue;
    EXPECT_EQ(after, before + kBase);
    EXPECT_EQ(before, image->boot_offset());  // the fake runtime's only pointer
    ++moved;
  }
  EXPECT_EQ(moved, 1u);
}

TEST(RuntimeImage, a_cut_image_is_refused) {
  const std::vector<u8>& whole = fake_runtime();
  const Expected<RuntimeImage> image = RuntimeImage::parse(whole);
  ASSERT_TRUE(image);
  // What the program headers cover must be there; section headers behind it may be missing.
  for (size_t bytes = 0; bytes < 0x1000; bytes += 8) {
    EXPECT_FALSE(RuntimeImage::parse(std::span(whole).first(bytes))) << bytes;
  }
}

TEST(RuntimeImage, damaged_bytes_never_lead_outside) {
  std::vector<u8> damaged = fake_runtime();
  u64 random = 1;
  for (int round = 0; round < 3000; ++round) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    // Among the headers, the dynamic section and its tables, which is what is believed.
    const size_t at = (random >> 33) % 0x400;
    const u8 before = damaged[at];
    damaged[at] = static_cast<u8>(random >> 20);
    if (Expected<RuntimeImage> image = RuntimeImage::parse(damaged)) {
      EXPECT_EQ(image->relocated(0x1000).size(), image->bytes());
    }
    damaged[at] = before;
  }
}

TEST(RuntimeImage, other_files_are_refused) {
  EXPECT_FALSE(RuntimeImage::parse({}));
  std::vector<u8> other = fake_runtime();
  other[18] = 40;  // e_machine: ARM
  EXPECT_FALSE(RuntimeImage::parse(other));
}

}  // namespace
}  // namespace tiptoe::inject
