#include "engine/fuzz_report.h"

#include <Zydis/Zydis.h>

#include <cstring>

namespace tiptoe::fuzz {
namespace {

const char* const kNames[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                              "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

template <typename... T>
std::string text(const char* format, T... values) {
  char line[256];
  std::snprintf(line, sizeof line, format, values...);
  return line;
}

std::string disassembly(u64 pc, const u8* bytes, std::size_t count) {
  ZydisDisassembledInstruction insn;
  if (ZYAN_FAILED(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, pc, bytes, count, &insn))) {
    return "(unknown to Zydis)";
  }
  return insn.text;
}

// Appends a line for a field that differs.
class Differences {
 public:
  void check(const char* name, u64 native, u64 engine) {
    if (native == engine) return;
    lines_ +=
        text("    %-12s native %016llx  engine %016llx\n", name,
             static_cast<unsigned long long>(native), static_cast<unsigned long long>(engine));
  }
  const std::string& lines() const { return lines_; }

 private:
  std::string lines_;
};

std::string first_byte(const char* what, const u8* native, const u8* engine, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (native[i] != engine[i]) {
      return text("    %s from byte %zu: native %02x engine %02x\n", what, i, native[i], engine[i]);
    }
  }
  return "";
}

}  // namespace

bool same(const FuzzResult& a, const FuzzResult& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

std::string describe(const Block& block) {
  std::string out;
  u64 pc = block.start.pc;
  for (const std::vector<u8>& insn : block.insns) {
    out += text("    %012llx ", static_cast<unsigned long long>(pc));
    for (const u8 byte : insn) out += text(" %02x", byte);
    if (insn.size() < 10) out.append(3 * (10 - insn.size()), ' ');
    out += "  " + disassembly(pc, insn.data(), insn.size()) + "\n";
    pc += insn.size();
  }
  return out;
}

std::string describe_state(const FuzzState& state) {
  std::string out;
  for (unsigned reg = 0; reg < 16; ++reg) {
    out += text("    %-3s %016llx%s", kNames[reg], static_cast<unsigned long long>(state.gpr[reg]),
                reg % 4 == 3 ? "\n" : "");
  }
  return out + text("    flags %llx, fs base %llx, gs base %llx\n",
                    static_cast<unsigned long long>(state.rflags),
                    static_cast<unsigned long long>(state.fs_base),
                    static_cast<unsigned long long>(state.gs_base));
}

std::string first_differences(const FuzzResult& native, const FuzzResult& engine) {
  Differences out;
  out.check("done", native.done, engine.done);
  if (native.done == 0 || engine.done == 0) return out.lines();
  out.check("signal", static_cast<u64>(native.signal), static_cast<u64>(engine.signal));
  out.check("si_code", static_cast<u64>(native.code), static_cast<u64>(engine.code));
  out.check("si_addr", native.address, engine.address);
  out.check("trap number", native.trap, engine.trap);
  out.check("error code", native.error, engine.error);
  out.check("pc", native.pc, engine.pc);
  for (unsigned reg = 0; reg < 16; ++reg) out.check(kNames[reg], native.gpr[reg], engine.gpr[reg]);
  out.check("flags", native.rflags, engine.rflags);
  out.check("fs base", native.fs_base, engine.fs_base);
  out.check("gs base", native.gs_base, engine.gs_base);
  out.check("near memory", native.near_memory, engine.near_memory);
  out.check("low memory", native.low_memory, engine.low_memory);
  out.check("x87", native.x87, engine.x87);
  out.check("mxcsr", native.mxcsr, engine.mxcsr);
  out.check("xmm", native.xmm, engine.xmm);
  const char* const kComponents[] = {"ymm", "k0-k7", "zmm0-15", "zmm16-31"};
  for (int i = 0; i < 4; ++i) out.check(kComponents[i], native.component[i], engine.component[i]);
  return out.lines();
}

std::string dump_differences(const FuzzDump& native, const FuzzDump& engine) {
  return first_byte("near memory", native.near_memory, engine.near_memory, kFuzzNearBytes) +
         first_byte("low memory", native.low_memory, engine.low_memory, kFuzzLowBytes) +
         first_byte("xmm registers", native.xsave + 160, engine.xsave + 160, 256) +
         first_byte("other vector state", native.xsave + 576, engine.xsave + 576,
                    kFuzzXsaveBytes - 576);
}

}  // namespace tiptoe::fuzz
