// Nanoseconds per instruction of our decoder and of Zydis (instruction without and with operands),
// over the text of libc or of the ELF file given as the first argument.
#include <Zydis/Zydis.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "../tests/arch/byte_sources.h"
#include "arch/x86/decode.h"

namespace tiptoe::x86 {
namespace {

constexpr int kRounds = 5;

struct Result {
  u64 instructions = 0;
  double nanoseconds = 1e30;  // per instruction, the best of some rounds
};

// `step` decodes at a position and returns how far to go on.
template <typename Step>
Result measure(const std::vector<u8>& code, Step step) {
  using Clock = std::chrono::steady_clock;
  Result result;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = Clock::now();
    u64 count = 0;
    for (std::size_t at = 0; at + kMaxInsnBytes <= code.size(); ++count) {
      at += step(std::span(code).subspan(at));
    }
    const std::chrono::duration<double, std::nano> spent = Clock::now() - begin;
    result.instructions = count;
    result.nanoseconds = std::min(result.nanoseconds, spent.count() / static_cast<double>(count));
  }
  return result;
}

void print(const char* name, const Result& result) {
  std::printf("%-24s %10llu instructions %8.1f ns/instruction\n", name,
              static_cast<unsigned long long>(result.instructions), result.nanoseconds);
}

std::vector<u8> text_of(const char* path) {
  std::vector<u8> code;
  const oracle::MappedFile file(path);
  oracle::visit_code(file.bytes(), true, [&](std::span<const u8> section) {
    code.insert(code.end(), section.begin(), section.end());
  });
  return code;
}

unsigned step_tiptoe(std::span<const u8> bytes) {
  Insn insn;
  return decode(bytes, Mode::k64, insn) ? insn.length : 1;
}

int run(const char* path) {
  const std::vector<u8> code = text_of(path);
  if (code.empty()) {
    std::fprintf(stderr, "decode_bench: %s: no x86-64 code in it\n", path);
    return 1;
  }
  ZydisDecoder zydis, minimal;
  ZydisDecoderInit(&zydis, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  minimal = zydis;
  ZydisDecoderEnableMode(&minimal, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE);
  ZydisDecodedInstruction insn;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];

  print("tiptoe", measure(code, step_tiptoe));
  print("Zydis, length only", measure(code, [&](std::span<const u8> bytes) -> unsigned {
          const auto status =
              ZydisDecoderDecodeInstruction(&minimal, nullptr, bytes.data(), bytes.size(), &insn);
          return ZYAN_SUCCESS(status) ? insn.length : 1;
        }));
  print("Zydis, with operands", measure(code, [&](std::span<const u8> bytes) -> unsigned {
          const auto status =
              ZydisDecoderDecodeFull(&zydis, bytes.data(), bytes.size(), &insn, operands);
          return ZYAN_SUCCESS(status) ? insn.length : 1;
        }));
  return 0;
}

}  // namespace
}  // namespace tiptoe::x86

int main(int argc, char** argv) {
  return tiptoe::x86::run(argc > 1 ? argv[1] : "/lib/x86_64-linux-gnu/libc.so.6");
}
