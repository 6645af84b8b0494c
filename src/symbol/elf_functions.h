// The functions of one ELF file: from .symtab, .dynsym, its separate debug file, its PLT and its
// unwind tables.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "symbol/function_ranges.h"

namespace tiptoe::symbol {

struct LoadSegment {
  u64 file_offset = 0;
  u64 file_bytes = 0;
  u64 address = 0;
  bool executable = false;
};

struct ElfFunctions {
  std::vector<LoadSegment> segments;
  std::vector<Candidate> candidates;

  // The file's own address of the byte at `file_offset`; nothing when no segment holds it.
  std::optional<u64> address_of(u64 file_offset) const;
  std::vector<u64> segment_ends() const;
};

// Nothing when the file cannot be read as ELF. `build_id`: also looks for a debug file of that id.
std::optional<ElfFunctions> read_elf_functions(const std::string& path,
                                               std::span<const u8> build_id);
// The same for an image in memory (the vdso).
std::optional<ElfFunctions> read_elf_functions(std::span<const u8> image);

}  // namespace tiptoe::symbol
