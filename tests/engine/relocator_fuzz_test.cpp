// A fuzz test of the relocator: random straight-line blocks from random states leave the same
// registers, flags and memory, and raise the same faults with the same context, natively, under
// `tiptoe run` and under `tiptoe record`.
//
// TIPTOE_FUZZ_SEED chooses the seed, TIPTOE_FUZZ_BLOCKS the number of blocks of each case,
// TIPTOE_FULL=1 runs forty times as many. TIPTOE_FUZZ_BATCH=B TIPTOE_FUZZ_ONLY=N runs block N of
// batch B alone. timeout: 120
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "engine/fuzz_report.h"

namespace tiptoe::fuzz {
namespace {

constexpr u64 kMib = u64{1} << 20, kGib = u64{1} << 30;
constexpr u64 kHigh = u64{1} << 45, kLow = u64{0x30000000};
constexpr u64 kReach = 1800 * kMib;
constexpr u64 kLowMemory = 0x60000000;
constexpr u64 kLowWall[2] = {0x20000000, 0x70000000};

// Walls of PROT_NONE keep stray accesses of blocks away from what the engine maps.
constexpr Placement kPlacements[] = {
    {"high",
     kHigh,
     kHigh - kMib,
     kHigh + 64 * kMib,
     kLowMemory,
     {{kHigh - 512 * kMib, kHigh + 512 * kMib}, {kLowWall[0], kLowWall[1]}},
     false},
    {"high_compared",
     kHigh,
     kHigh - kMib,
     kHigh + 64 * kMib,
     kLowMemory,
     {{kHigh - 512 * kMib, kHigh + 512 * kMib}, {kLowWall[0], kLowWall[1]}},
     true},
    // The engine finds a place within reach of the code, but from there the operands are not.
    {"out_of_reach",
     kHigh,
     kHigh + 64 * kMib,
     kHigh + kReach,
     kLowMemory,
     {{kHigh - kReach, kHigh + 3 * kGib}, {kLowWall[0], kLowWall[1]}},
     false},
    // It finds none.
    {"walled",
     kHigh,
     kHigh - kMib,
     kHigh + 64 * kMib,
     kLowMemory,
     {{kHigh - 3 * kGib, kHigh + 3 * kGib}, {kLowWall[0], kLowWall[1]}},
     false},
    {"low",
     kLow,
     kLow - kMib,
     kLow + 64 * kMib,
     kLowMemory,
     {{kLowWall[0], kLowWall[1]}, {0, 0}},
     false},
    {"low_compared",
     kLow,
     kLow - kMib,
     kLow + 64 * kMib,
     kLowMemory,
     {{kLowWall[0], kLowWall[1]}, {0, 0}},
     true},
};
constexpr unsigned kBlocksEach = 20'000, kBatch = 4'000, kTimesInFull = 40;

u64 number_from_environment(const char* name, u64 otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? std::strtoull(value, nullptr, 0) : otherwise;
}
u64 seed() {
  return number_from_environment("TIPTOE_FUZZ_SEED", 1);
}

u64 block_pc(const Placement& placement, u64 number) {
  return placement.code + kFuzzBlocksOffset + number * kFuzzBlockBytes;
}

// Templates whose instruction the processor has: those that do not raise SIGILL natively.
const Templates& templates_for(const testing::Workshop& workshop, const Placement& placement) {
  static const Templates templates = [&] {
    Templates all(seed());
    Random random(seed());
    const std::vector<u8> pool = make_pool(placement, seed());
    std::vector<Block> blocks;
    for (std::size_t i = 0; i < all.size(); ++i) {
      blocks.push_back(make_single({all[i].bytes, all[i].insn.length}, placement,
                                   block_pc(placement, i), random));
    }
    const Ran ran = run_blocks(workshop, placement, pool, blocks, How::kNative);
    if (ran.status != 0) throw std::runtime_error("fuzz_runner: " + ran.errors);
    std::vector<bool> keep(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      keep[i] =
          all[i].insn.flow == x86::Flow::kTrap || ran.results[i * kFuzzStates].signal != SIGILL;
    }
    const std::size_t candidates = all.size();
    all.filter(keep);
    std::printf("seed %llu: %zu of %zu random instructions are used as templates\n",
                static_cast<unsigned long long>(seed()), all.size(), candidates);
    return all;
  }();
  return templates;
}

class RelocatorFuzz : public ::testing::TestWithParam<Placement> {
 protected:
  void SetUp() override {
    placement_ = GetParam();
    templates_ = &templates_for(workshop_, placement_);
  }

  void make_batch(u64 number, unsigned count) {
    Random random(seed() * 1000003 + number);
    pool_ = make_pool(placement_, seed() + number);
    blocks_.clear();
    for (unsigned i = 0; i < count; ++i) {
      blocks_.push_back(make_block(*templates_, placement_, block_pc(placement_, i), random));
    }
  }

  void run_batch() {
    const Ran native = run_blocks(workshop_, placement_, pool_, blocks_, How::kNative);
    std::size_t reached = 0;
    while (reached < native.results.size() && native.results[reached].done != 0) ++reached;
    ASSERT_EQ(native.status, 0)
        << native.errors << "in block " << reached / kFuzzStates << "\n"
        << describe(blocks_[std::min(reached / kFuzzStates, blocks_.size() - 1)]);
    for (const FuzzResult& result : native.results) {
      ASSERT_EQ(result.done, 1u);
      faults_ += result.signal != 0;
    }
    for (const How how : {How::kRun, How::kRecord}) {
      compare(native, run_blocks(workshop_, placement_, pool_, blocks_, how), how);
    }
  }

  // Each instruction alone, from many states.
  void run_singles(const std::vector<std::vector<u8>>& insns) {
    constexpr unsigned kTimes = 64;
    Random random(seed());
    pool_ = make_pool(placement_, seed());
    for (const std::vector<u8>& insn : insns) {
      for (unsigned i = 0; i < kTimes; ++i) {
        blocks_.push_back(
            make_single(insn, placement_, block_pc(placement_, blocks_.size()), random));
      }
    }
    run_batch();
  }

  void compare(const Ran& native, const Ran& engine, How how) {
    unsigned reported = 0, different = 0;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      for (unsigned state = 0; state < kFuzzStates; ++state) {
        const std::size_t at = i * kFuzzStates + state;
        if (same(native.results[at], engine.results[at])) continue;
        ++different;
        if (reported < kMostReported) {
          ++reported;
          report(i, how, first_differences(native.results[at], engine.results[at]));
        }
        if (engine.results[at].done == 0) {  // and nothing after it
          ADD_FAILURE() << name_of(how) << " ended with status " << engine.status << ": "
                        << engine.errors;
          return;
        }
        break;
      }
    }
    EXPECT_EQ(different, 0u) << "blocks went differently under " << name_of(how);
    EXPECT_EQ(engine.status, 0) << engine.errors;
  }

  // Runs a block alone both ways. True when the results are the same; or says how they are not.
  bool agrees(const Block& block, How how, std::string* difference) {
    const Detailed native = run_detailed(workshop_, placement_, pool_, block, How::kNative);
    const Detailed engine = run_detailed(workshop_, placement_, pool_, block, how);
    for (unsigned state = 0; state < kFuzzStates; ++state) {
      if (same(native.results[state], engine.results[state])) continue;
      if (difference != nullptr) {
        *difference = "  from state\n" + describe_state(block.start.state[state]) +
                      "  differs in\n" +
                      first_differences(native.results[state], engine.results[state]);
        if (engine.results[state].done != 0) {
          *difference += dump_differences(native.dumps[state], engine.dumps[state]);
        }
        if (engine.status != 0) *difference += "    " + engine.errors;
      }
      return false;
    }
    return true;
  }

  // Replaces by nops what is not needed for the difference.
  Block shrunk(Block block, How how) {
    for (std::size_t i = block.insns.size(); i-- > 0;) {
      Block fewer = block;
      fewer.insns[i].assign(fewer.insns[i].size(), 0x90);
      if (!agrees(fewer, how, nullptr)) block = fewer;
    }
    return block;
  }

  void report(std::size_t number, How how, const std::string& in_batch) {
    std::string difference = "  which is the same when it is run alone; it was\n" + in_batch;
    const Block& whole = blocks_[number];
    Block block = whole;
    if (!agrees(whole, how, nullptr)) {
      block = shrunk(whole, how);
      agrees(block, how, &difference);
    }
    ADD_FAILURE() << "block " << number << " under " << name_of(how) << ", " << placement_.name
                  << "\n"
                  << describe(whole) << "  shrunk to\n"
                  << describe(block) << difference << "  Again: TIPTOE_FUZZ_SEED=" << seed()
                  << " TIPTOE_FUZZ_BATCH=" << batch_ << " TIPTOE_FUZZ_ONLY=" << number
                  << " engine_relocator_fuzz_test --gtest_filter='*/" << placement_.name << "'";
  }

  static constexpr unsigned kMostReported = 8;

  testing::Workshop workshop_;
  Placement placement_;
  const Templates* templates_ = nullptr;
  std::vector<u8> pool_;
  std::vector<Block> blocks_;
  u64 batch_ = 0;
  u64 faults_ = 0;
};

TEST_P(RelocatorFuzz, blocks_do_what_they_do_natively) {
  const bool full = std::getenv("TIPTOE_FULL") != nullptr;
  const u64 wanted =
      number_from_environment("TIPTOE_FUZZ_BLOCKS", kBlocksEach * (full ? kTimesInFull : 1));
  const auto begin = std::chrono::steady_clock::now();
  u64 done = 0;
  batch_ = number_from_environment("TIPTOE_FUZZ_BATCH", 0);
  for (; done < wanted && !HasFailure(); ++batch_) {
    const unsigned count = static_cast<unsigned>(std::min<u64>(kBatch, wanted - done));
    make_batch(batch_, count);
    if (std::getenv("TIPTOE_FUZZ_ONLY") != nullptr) {
      const u64 only = number_from_environment("TIPTOE_FUZZ_ONLY", 0);
      blocks_ = {blocks_[only]};
      done = wanted;
    }
    run_batch();
    done += count;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf(
      "%llu blocks from %d states, natively and twice through the engine, in %.1f s; "
      "%.1f %% of the runs ended with a fault\n",
      static_cast<unsigned long long>(done), kFuzzStates, took.count(),
      100.0 * static_cast<double>(faults_) / static_cast<double>(done * kFuzzStates));
}

// What the fuzz test has found, each from many states.
TEST_P(RelocatorFuzz, found_before) {
  const std::vector<std::vector<u8>> insns{
      {0x41, 0x65, 0x0f, 0x46, 0x6c, 0xbd, 0xfe},  // cmovbe ebp, gs:[rbp+rdi*4-2], with a REX that
                                                   // means nothing as long as the prefix is there
      {0x65, 0x67, 0x8b, 0x08},                    // mov ecx, gs:[eax]
      {0x65, 0x46, 0xaf},                          // scasd, whose segment cannot be overridden
      {0x65, 0x50},                                // push rax, the same
      {0x65, 0x48, 0xa1, 0x10, 0, 0, 0, 0, 0, 0, 0},           // mov rax, gs:[0x10]
      {0x65, 0x67, 0xa2, 0x10, 0, 0, 0},                       // mov gs:[0x10], al
      {0x65, 0xd7},                                            // xlat gs:[rbx+al]
      {0x65, 0x66, 0x0f, 0xf7, 0xca},                          // maskmovdqu gs:[rdi], xmm1, xmm2
      {0x65, 0x8f, 0x44, 0x24, 0x08},                          // pop gs:[rsp+8]
      {0x65, 0x62, 0xf1, 0xfe, 0x48, 0x6f, 0x48, 0x01},        // vmovdqu64 zmm1, gs:[rax+0x40]
      {0x65, 0x62, 0x91, 0xfe, 0x48, 0x6f, 0x4c, 0x3f, 0x01},  // the same, gs:[r15+r15*1+0x40]
      {0x65, 0x41, 0x0f, 0xc7, 0x4c, 0x37, 0x20},              // cmpxchg8b gs:[r15+rsi+0x20]
      {0x65, 0x48, 0x0f, 0xc7, 0x4c, 0x37, 0x20},              // cmpxchg16b gs:[rdi+rsi+0x20]
      {0x41, 0x66, 0x3e, 0x26, 0x2e, 0x66, 0x4a, 0x0f, 0x38, 0x22, 0x1d, 0, 0, 0, 0x04},
      // pmovsxbq xmm3, [rip+0x4000000] of 15 bytes: the absolute form would be one too long
      {0x65, 0x67, 0xd7},                          // xlat gs:[ebx+al], whose sum wraps
      {0x65, 0x66, 0x48, 0x8f, 0x44, 0x24, 0x08},  // pop gs:[rsp+8] of 8 bytes: REX.W outweighs 66
      // btc [eip+0x4000000], r15: the bit offset wraps. (Nearer, it would change the code of
      // others.)
      {0x67, 0x4d, 0x0f, 0xbb, 0x3d, 0, 0, 0, 0x04},
      {0x66, 0x48, 0xdd, 0x70, 0x10},        // fnsave [rax+16], the same
      {0x66, 0x41, 0x57},                    // push r15w
      {0x66, 0x49, 0x57},                    // push r15, the same
      {0x65, 0x67, 0xf3, 0xac},              // rep lodsb, from gs:[esi]
      {0x67, 0x41, 0x65, 0xf2, 0xa7},        // repne cmpsd, gs:[esi], a REX of no meaning
      {0x65, 0x67, 0x4c, 0x0f, 0xab, 0x38},  // bts gs:[eax], r15
      {0x65, 0x67, 0x4c, 0x0f, 0xab, 0x3d, 0, 0, 0, 0x04},        // bts gs:[eip+0x4000000], r15
      {0x65, 0x67, 0x62, 0xd1, 0xfe, 0x48, 0x6f, 0x4f, 0x01},     // vmovdqu64 zmm1, gs:[r15d+0x40]
      {0x65, 0x67, 0x66, 0x44, 0x0f, 0x38, 0xf8, 0x38},           // movdir64b r15d, gs:[eax]
      {0x67, 0x66, 0x44, 0x0f, 0x38, 0xf8, 0x3d, 0, 0, 0, 0x04},  // movdir64b r15d, [eip+0x4000000]
      {0x65, 0x67, 0x62, 0x71, 0x7e, 0x08, 0x78, 0x78, 0x01},     // vcvttss2usi r15d, gs:[eax+4]
  };
  run_singles(insns);
}

// Their indices reach 2 GiB in either direction: as far as the walls do in one placement.
TEST_P(RelocatorFuzz, gathers) {
  if (placement_.name != std::string("walled")) return;
  run_singles({
      {0x65, 0xc4, 0xe2, 0x71, 0x90, 0x04, 0x10},  // vpgatherdd xmm0, gs:[rax+xmm2], xmm1
      {0x65, 0xc4, 0xc2, 0x71, 0x90, 0x04, 0x17},  // the same, gs:[r15+xmm2]
      {0x65, 0xc4, 0xe2, 0x71, 0x90, 0x04, 0x15, 0x10, 0, 0, 0},  // the same, gs:[xmm2+0x10]
      {0x65, 0x67, 0xc4, 0xc2, 0x71, 0x90, 0x04, 0x17},           // the same, gs:[r15d+xmm2]
  });
}

INSTANTIATE_TEST_SUITE_P(Placements, RelocatorFuzz, ::testing::ValuesIn(kPlacements),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tiptoe::fuzz
