// Reads the runtime's ELF image and lays it out for an address, as a dynamic linker would, but from
// outside: what the target gets is finished bytes.
//
// Only what the runtime may contain is accepted (64-bit x86-64 shared object, R_X86_64_RELATIVE
// relocations, the two symbols of bridge/boot.h); anything else is an error, never a guess.
#pragma once

#include <span>
#include <vector>

#include "base/types.h"
#include "trace/result.h"

namespace tiptoe::inject {

// A PT_LOAD, rounded to whole pages; offsets are relative to the start of the image's mapping.
struct ImageSegment {
  u64 offset = 0;
  u64 bytes = 0;  // whole pages, BSS included
  int protection = 0;
};

class RuntimeImage {
 public:
  static Expected<RuntimeImage> parse(std::span<const u8> elf);

  u64 bytes() const { return contents_.size(); }  // of the whole mapping, in pages
  const std::vector<ImageSegment>& segments() const { return segments_; }
  u64 boot_offset() const { return boot_offset_; }
  u64 entry_offset() const { return entry_offset_; }

  // The whole mapping's bytes with the relocations applied for `base`.
  std::vector<u8> relocated(u64 base) const;

 private:
  struct Relocation {
    u64 offset;
    u64 addend;
  };

  Status read_segments(std::span<const u8> elf);
  Status read_dynamic(std::span<const u8> elf);
  Status read_relocations(u64 table, u64 bytes);
  Status read_symbols(u64 symbols, u64 strings, u64 string_bytes, u64 hash);
  template <class T>
  bool read(u64 offset, T& value) const;

  std::vector<u8> contents_;  // as linked for base 0
  std::vector<ImageSegment> segments_;
  std::vector<Relocation> relocations_;
  u64 boot_offset_ = 0;
  u64 entry_offset_ = 0;
};

}  // namespace tiptoe::inject
