// Every instruction that Zydis can decode, we decode alike: real code from /usr/bin and /usr/lib,
// and random bytes. By default a deterministic sample of the code; TIPTOE_FULL=1 in the environment
// takes all of it.
// timeout: 180
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "byte_sources.h"
#include "known_differences.h"
#include "zydis_oracle.h"

namespace tiptoe::x86::oracle {
namespace {

const char* const kFieldNames[] = {"validity",     "length",      "flow",           "branch",
                                   "rip-relative", "flags read",  "flags written",  "regs read",
                                   "regs written", "memory read", "memory written", "killed"};

std::string names_of(u32 fields) {
  std::string names;
  for (unsigned i = 0; i < std::size(kFieldNames); ++i) {
    if (fields >> i & 1) names += std::string(names.empty() ? "" : ", ") + kFieldNames[i];
  }
  return names;
}

std::string hex(std::span<const u8> bytes) {
  std::string text;
  for (u8 byte : bytes.first(std::min<std::size_t>(bytes.size(), 15))) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// Compares both decoders on one instruction after the other and keeps account.
class Comparison {
 public:
  explicit Comparison(Mode mode) : mode_(mode), oracle_(mode) {}

  // Returns how many bytes to go on by.
  unsigned compare(std::span<const u8> bytes) {
    Insn ours;
    const bool decoded = decode(bytes, mode_, ours);
    const Facts zydis = oracle_.decode(bytes);
    ++compared_;
    if (zydis.valid) ++valid_;
    const u32 fields = differences(decoded, ours, zydis);
    if (fields) judge(fields, ours, zydis, bytes);
    return zydis.valid ? zydis.length : 1;
  }

  void sweep(std::span<const u8> code) {
    for (std::size_t at = 0; at < code.size();) {
      at += compare(code.subspan(at, std::min<std::size_t>(15, code.size() - at)));
    }
  }

  u64 compared() const { return compared_; }
  u64 valid() const { return valid_; }
  u64 wrong() const { return wrong_; }
  const std::set<const KnownDifference*>& used() const { return used_; }

 private:
  void judge(u32 fields, const Insn& ours, const Facts& zydis, std::span<const u8> bytes) {
    if (zydis.valid) used_.insert(find_known(zydis.mnemonic, fields));
    const u32 left = unexplained(fields, ours, zydis, mode_);
    if (left == 0 || ++wrong_ > 20) return;
    ADD_FAILURE() << hex(bytes) << ' '
                  << (zydis.valid ? ZydisMnemonicGetString(zydis.mnemonic) : "(invalid)")
                  << " differs in " << names_of(left);
  }

  Mode mode_;
  Oracle oracle_;
  u64 compared_ = 0, valid_ = 0, wrong_ = 0;
  std::set<const KnownDifference*> used_;
};

bool full_sweep() {
  const char* full = std::getenv("TIPTOE_FULL");
  return full != nullptr && *full == '1';
}

// Random bytes. `count` is chosen so that rare encodings are met, too.
void compare_random(Comparison& comparison, u64 count, u64 seed) {
  Random random(seed);
  for (u64 i = 0; i < count; ++i) comparison.compare(random_instruction(random));
}

constexpr u64 kRandomStrings = 10'000'000;

TEST(DecodeOracle, random_bytes_decode_as_zydis_decodes_them) {
  Comparison comparison(Mode::k64);
  compare_random(comparison, kRandomStrings, 1);
  EXPECT_EQ(comparison.wrong(), 0u);
  EXPECT_GT(comparison.valid(), kRandomStrings / 3);
  // The list of differences holds nothing that does not occur.
  for (const KnownDifference& known : kKnownDifferences) {
    EXPECT_TRUE(comparison.used().contains(&known))
        << ZydisMnemonicGetString(known.mnemonic) << " no longer differs: " << known.reason;
  }
}

TEST(DecodeOracle, random_bytes_decode_as_zydis_decodes_them_in_32_bit_mode) {
  Comparison comparison(Mode::k32);
  compare_random(comparison, kRandomStrings / 5, 2);
  EXPECT_EQ(comparison.wrong(), 0u);
  EXPECT_GT(comparison.valid(), kRandomStrings / 15);
}

std::vector<std::string> files_under(const std::string& directory) {
  namespace fs = std::filesystem;
  std::vector<std::string> paths;
  std::error_code ignored;
  for (auto it = fs::recursive_directory_iterator(
           directory, fs::directory_options::skip_permission_denied, ignored);
       it != fs::recursive_directory_iterator(); it.increment(ignored)) {
    if (it->is_regular_file(ignored) && !it->is_symlink(ignored)) paths.push_back(it->path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// The sample: of every section its first 2 KiB, and then one chunk of 2 KiB in `one_in`.
void sweep_section(Comparison& comparison, std::span<const u8> code, unsigned one_in,
                   Random& random) {
  constexpr std::size_t kChunk = 2048;
  if (one_in == 1) return comparison.sweep(code);
  for (std::size_t at = 0; at < code.size(); at += kChunk) {
    if (at != 0 && !random.one_in(one_in)) continue;
    comparison.sweep(code.subspan(at, std::min(kChunk, code.size() - at)));
  }
}

void compare_installed_code(const std::string& directory, u64 least_instructions) {
  Comparison comparison(Mode::k64);
  Random random(3);
  const unsigned one_in = full_sweep() ? 1 : 100;
  for (const std::string& path : files_under(directory)) {
    const MappedFile file(path);
    visit_code(file.bytes(), true,
               [&](std::span<const u8> code) { sweep_section(comparison, code, one_in, random); });
  }
  EXPECT_EQ(comparison.wrong(), 0u);
  EXPECT_GT(comparison.valid(), least_instructions) << "hardly any code under " << directory;
  std::printf("%s: %llu instructions compared\n", directory.c_str(),
              static_cast<unsigned long long>(comparison.compared()));
}

TEST(DecodeOracle, installed_programs_decode_as_zydis_decodes_them) {
  compare_installed_code("/usr/bin", 100'000);
}

TEST(DecodeOracle, installed_libraries_decode_as_zydis_decodes_them) {
  compare_installed_code("/usr/lib", 100'000);
}

}  // namespace
}  // namespace tiptoe::x86::oracle
