#include "engine/fuzz_batch.h"

#include <unistd.h>

#include <cstring>
#include <fstream>

namespace tiptoe::fuzz {
namespace {

template <typename T>
void append(std::string& file, const T* from, std::size_t count) {
  file.append(reinterpret_cast<const char*>(from), count * sizeof(T));
}

std::string case_file(const Placement& placement, const std::vector<u8>& pool,
                      const std::vector<Block>& blocks) {
  FuzzHeader header{};
  header.case_count = blocks.size();
  std::memcpy(header.wall, placement.wall, sizeof header.wall);
  header.code_start = placement.code;
  header.code_bytes = kFuzzBlocksOffset;
  for (const Block& block : blocks) {
    const u64 end = block.start.pc - placement.code + kFuzzBlockBytes;
    if (end > header.code_bytes) header.code_bytes = end;
  }
  header.code_bytes = (header.code_bytes + 4095) & ~u64{4095};
  header.code_writable = placement.writable;
  header.save = placement.save;
  header.near_memory = placement.near_memory;
  header.low_memory = placement.low_memory;
  header.cases_offset = sizeof header;
  header.pool_offset = header.cases_offset + blocks.size() * sizeof(FuzzCase);
  header.code_offset = header.pool_offset + pool.size();

  std::string code(header.code_bytes, '\xcc');
  const std::vector<u8> tail = make_tail(placement);
  std::memcpy(&code[kFuzzTailOffset], tail.data(), tail.size());
  for (const Block& block : blocks) {
    const std::vector<u8> bytes = assemble(block, placement);
    std::memcpy(&code[block.start.pc - placement.code], bytes.data(), bytes.size());
  }
  std::string file;
  append(file, &header, 1);
  for (const Block& block : blocks) append(file, &block.start, 1);
  append(file, pool.data(), pool.size());
  return file + code;
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

testing::Outcome run_cases(const testing::Workshop& workshop, How how, const char* only,
                           std::size_t result_bytes) {
  const std::string results = workshop.path("results");
  write_file(results, "");
  if (::truncate(results.c_str(), static_cast<off_t>(result_bytes)) != 0)
    throw std::runtime_error("truncate");
  std::vector<std::string> command;
  if (how == How::kRun) command = {TIPTOE_COMMAND, "run", "--"};
  if (how == How::kRecord) command = {TIPTOE_COMMAND, "record", "-o", workshop.path("trace"), "--"};
  command.insert(command.end(),
                 {TIPTOE_TEST_PROGRAMS "/fuzz_runner", workshop.path("cases"), results});
  if (only != nullptr) command.push_back(only);
  return workshop.run_native(command);
}

}  // namespace

const char* name_of(How how) {
  return how == How::kNative ? "native" : how == How::kRun ? "run" : "record";
}

Ran run_blocks(const testing::Workshop& workshop, const Placement& placement,
               const std::vector<u8>& pool, const std::vector<Block>& blocks, How how) {
  write_file(workshop.path("cases"), case_file(placement, pool, blocks));
  Ran ran;
  ran.results.resize(blocks.size() * kFuzzStates);
  const std::size_t bytes = ran.results.size() * sizeof(FuzzResult);
  const testing::Outcome outcome = run_cases(workshop, how, nullptr, bytes);
  ran.status = outcome.status;
  ran.errors = outcome.err;
  std::ifstream(workshop.path("results"), std::ios::binary)
      .read(reinterpret_cast<char*>(ran.results.data()), static_cast<std::streamsize>(bytes));
  return ran;
}

Detailed run_detailed(const testing::Workshop& workshop, const Placement& placement,
                      const std::vector<u8>& pool, const Block& block, How how) {
  write_file(workshop.path("cases"), case_file(placement, pool, {block}));
  Detailed ran{};
  const std::size_t bytes = kFuzzStates * (sizeof(FuzzResult) + sizeof(FuzzDump));
  const testing::Outcome outcome = run_cases(workshop, how, "0", bytes);
  ran.status = outcome.status;
  ran.errors = outcome.err;
  std::ifstream file(workshop.path("results"), std::ios::binary);
  for (int state = 0; state < kFuzzStates; ++state) {
    file.read(reinterpret_cast<char*>(&ran.results[state]), sizeof(FuzzResult));
    file.read(reinterpret_cast<char*>(&ran.dumps[state]), sizeof(FuzzDump));
  }
  return ran;
}

}  // namespace tiptoe::fuzz
