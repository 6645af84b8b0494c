#include "check/difference.h"

#include <Zydis/Zydis.h>
#include <elf.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "inject/process_facts.h"

namespace tiptoe::check {
namespace {

// Status flags, direction, alignment check, identification. The others are the kernel's, or show
// the single-stepping.
constexpr u64 kComparedFlags = 0x240cd5;
constexpr int kLeftColumn = 62;

[[gnu::format(printf, 1, 2)]] std::string text(const char* format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  return line;
}

using ull = unsigned long long;

std::string hex_bytes(std::span<const u8> bytes) {
  std::string result;
  for (const u8 byte : bytes) result += text("%02x ", byte);
  return result;
}

std::vector<std::string> disassemble(const ProcessMemory& memory, const Range& range) {
  std::vector<u8> bytes(range.bytes);
  bytes.resize(memory.read(range.start, bytes));
  std::vector<std::string> lines;
  for (size_t at = 0; at < bytes.size();) {
    ZydisDisassembledInstruction insn;
    const u64 pc = range.start + at;
    if (ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, pc, &bytes[at],
                                           bytes.size() - at, &insn))) {
      lines.push_back(text("%llx  %s", static_cast<ull>(pc), insn.text));
      at += insn.info.length;
    } else {
      lines.push_back(text("%llx  (byte %02x)", static_cast<ull>(pc), bytes[at]));
      ++at;
    }
  }
  return lines;
}

// Appends the runs of bytes that differ, each a line.
void append_runs(u64 address, std::span<const u8> native, std::span<const u8> translated,
                 std::vector<std::string>& lines) {
  constexpr size_t kMaxRun = 16;
  for (size_t i = 0; i < native.size(); ++i) {
    if (native[i] == translated[i]) continue;
    size_t end = i + 1;
    while (end < native.size() && end - i < kMaxRun && native[end] != translated[end]) ++end;
    lines.push_back(text("memory 0x%llx  native %s translated %s", static_cast<ull>(address + i),
                         hex_bytes(native.subspan(i, end - i)).c_str(),
                         hex_bytes(translated.subspan(i, end - i)).c_str()));
    i = end;
  }
}

}  // namespace

std::vector<std::string> different_registers(const Registers& n, const CheckMailbox& post) {
  struct Pair {
    const char* name;
    u64 native;
    u64 translated;
  };
  const u64* t = post.gpr;
  const Pair pairs[] = {
      {"pc", n.rip, post.pc},
      {"rax", n.rax, t[0]},
      {"rcx", n.rcx, t[1]},
      {"rdx", n.rdx, t[2]},
      {"rbx", n.rbx, t[3]},
      {"rsp", n.rsp, t[4]},
      {"rbp", n.rbp, t[5]},
      {"rsi", n.rsi, t[6]},
      {"rdi", n.rdi, t[7]},
      {"r8", n.r8, t[8]},
      {"r9", n.r9, t[9]},
      {"r10", n.r10, t[10]},
      {"r11", n.r11, t[11]},
      {"r12", n.r12, t[12]},
      {"r13", n.r13, t[13]},
      {"r14", n.r14, t[14]},
      {"r15", n.r15, t[15]},
      {"flags", n.eflags & kComparedFlags, post.rflags & kComparedFlags},
      {"fs base", n.fs_base, post.fs_base == 0 ? n.fs_base : post.fs_base},
      {"gs base", n.gs_base, post.gs_base},
  };
  std::vector<std::string> lines;
  for (const Pair& pair : pairs) {
    if (pair.native == pair.translated) continue;
    lines.push_back(text("%-7s native %016llx  translated %016llx", pair.name,
                         static_cast<ull>(pair.native), static_cast<ull>(pair.translated)));
  }
  return lines;
}

std::vector<std::string> different_memory(const ProcessMemory& native,
                                          const ProcessMemory& translated,
                                          std::span<const Range> ranges) {
  const std::vector<u8> ours = native.read(ranges), theirs = translated.read(ranges);
  std::vector<std::string> lines;
  if (ours == theirs) return lines;
  u64 at = 0;
  for (const Range& range : ranges) {
    append_runs(range.start, {&ours[at], range.bytes}, {&theirs[at], range.bytes}, lines);
    at += range.bytes;
  }
  return lines;
}

std::vector<std::string> different_writable_memory(const ProcessMemory& native,
                                                   const ProcessMemory& translated, size_t limit) {
  std::vector<std::string> lines;
  for_each_different_page(native, translated,
                          common_writable_memory(native.pid(), translated.pid()),
                          [&](u64 address, std::span<const u8> ours, std::span<const u8> theirs) {
                            if (lines.size() < limit) append_runs(address, ours, theirs, lines);
                          });
  if (lines.size() > limit) lines.resize(limit);
  return lines;
}

std::vector<std::string> side_by_side(const ProcessMemory& translated, const BlockSpan& block,
                                      const EmittedCode& emitted) {
  const std::vector<std::string> left = disassemble(translated, {block.pc, block.bytes});
  std::vector<std::string> right = disassemble(translated, emitted.hot);
  right.push_back("cold:");
  for (std::string& line : disassemble(translated, emitted.cold)) right.push_back(std::move(line));
  std::vector<std::string> lines;
  lines.push_back(text("%-*s %s", kLeftColumn, "the program's code", "emitted code"));
  for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    lines.push_back(text("%-*s %s", kLeftColumn, i < left.size() ? left[i].c_str() : "",
                         i < right.size() ? right[i].c_str() : ""));
  }
  return lines;
}

std::vector<std::string> code_lines(const ProcessMemory& translated, const BlockSpan& block) {
  return disassemble(translated, {block.pc, block.bytes});
}

std::string describe_address(pid_t pid, u64 address) {
  const std::string plain = text("0x%llx", static_cast<ull>(address));
  const auto mappings = inject::read_mappings(pid);
  if (!mappings) return plain;
  for (const inject::Mapping& mapping : *mappings) {
    if (address < mapping.start || address >= mapping.end || mapping.path.empty()) continue;
    const u64 offset = address - mapping.start + mapping.file_offset;
    return plain + " (" + mapping.path + text("+0x%llx)", static_cast<ull>(offset));
  }
  return plain;
}

}  // namespace tiptoe::check
