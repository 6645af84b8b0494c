// Finds where the translated program and its native twin differ, and writes it down for a person.
#pragma once

#include <string>
#include <vector>

#include "bridge/check_mailbox.h"
#include "check/native_block.h"

namespace tiptoe::check {

// One line a register that differs (pc and flags among them).
std::vector<std::string> different_registers(const Registers& native, const CheckMailbox& post);

// One line a run of bytes that differs in `ranges`.
std::vector<std::string> different_memory(const ProcessMemory& native,
                                          const ProcessMemory& translated,
                                          std::span<const Range> ranges);

// The same for all memory that both may write; at most `limit` lines.
std::vector<std::string> different_writable_memory(const ProcessMemory& native,
                                                   const ProcessMemory& translated, size_t limit);

// The emitted code of a block, in the program's process.
struct EmittedCode {
  Range hot;
  Range cold;
};

// The block's own code on the left, what was emitted for it on the right.
std::vector<std::string> side_by_side(const ProcessMemory& translated, const BlockSpan& block,
                                      const EmittedCode& emitted);

// The program's code alone.
std::vector<std::string> code_lines(const ProcessMemory& translated, const BlockSpan& block);

// "0x7f12 (/usr/lib/libc.so.6+0x12)".
std::string describe_address(pid_t pid, u64 address);

}  // namespace tiptoe::check
