// Where the oracle tests take instruction bytes from: executable sections of ELF files, and random
// strings biased toward prefixes and opcode maps. Both are deterministic.
#pragma once

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <functional>
#include <span>
#include <string>

#include "base/types.h"

namespace tiptoe::x86::oracle {

// xorshift64*, for the same bytes on every machine.
class Random {
 public:
  explicit Random(u64 seed) : state_(seed * 2 + 1) {}
  u64 next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1d;
  }
  unsigned below(unsigned limit) { return static_cast<unsigned>((next() >> 33) % limit); }
  bool one_in(unsigned n) { return below(n) == 0; }
  template <unsigned N>
  u8 pick(const u8 (&from)[N]) {
    return from[below(N)];
  }

 private:
  u64 state_;
};

// 15 bytes: a few prefixes, an encoding, an opcode, then anything.
inline std::array<u8, 15> random_instruction(Random& random) {
  constexpr u8 kPrefixes[] = {0x66, 0x66, 0x66, 0x67, 0xf2, 0xf3, 0xf2, 0xf3, 0xf0, 0x64,
                              0x65, 0x2e, 0x26, 0x36, 0x3e, 0x48, 0x41, 0x44, 0x40, 0x4f};
  constexpr u8 kVectors[] = {0xc4, 0xc5, 0x62, 0x8f, 0xd5};
  std::array<u8, 15> bytes;
  for (unsigned i = 0; i < 15; i += 8) {
    const u64 word = random.next();
    std::memcpy(&bytes[i], &word, i == 0 ? 8 : 7);
  }
  unsigned at = 0;
  while (at < 6 && random.one_in(3)) bytes[at++] = random.pick(kPrefixes);
  switch (random.below(8)) {
    case 0:
    case 1:
      break;  // one byte
    case 2:
    case 3:
      bytes[at] = 0x0f;
      break;
    case 4:
      bytes[at] = 0x0f, bytes[at + 1] = random.one_in(2) ? 0x38 : 0x3a;
      break;
    case 5:
      bytes[at] = 0x0f, bytes[at + 1] = random.one_in(2) ? 0xae : random.one_in(2) ? 1 : 0xc7;
      break;
    default:
      bytes[at] = random.pick(kVectors);
      // A plausible map; EVEX with its fixed bit.
      if (bytes[at] == 0xc4)
        bytes[at + 1] = static_cast<u8>((bytes[at + 1] & 0xe0) | random.below(4));
      if (bytes[at] == 0x8f) {
        bytes[at + 1] = static_cast<u8>((bytes[at + 1] & 0xe0) | (8 + random.below(3)));
        bytes[at + 2] &= 0xfc;
      }
      if (bytes[at] == 0x62) {
        bytes[at + 1] = static_cast<u8>((bytes[at + 1] & 0xf0) | random.below(8));
        bytes[at + 2] |= 4;
      }
      if (random.one_in(2)) bytes[at + 2] |= 0x78;  // no vvvv
      break;
  }
  return bytes;
}

// A read-only mapping of a whole file.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    struct stat status;
    if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 64) {
      void* memory =
          ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
      if (memory != MAP_FAILED) {
        bytes_ = {static_cast<const u8*>(memory), static_cast<std::size_t>(status.st_size)};
      }
    }
    ::close(fd);
  }
  ~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<u8*>(bytes_.data()), bytes_.size());
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::span<const u8> bytes() const { return bytes_; }

 private:
  std::span<const u8> bytes_;
};

using Visit = std::function<void(std::span<const u8> code)>;

template <typename Header, typename Section>
void visit_sections(std::span<const u8> file, const Visit& visit) {
  Header header;
  if (file.size() < sizeof header) return;
  std::memcpy(&header, file.data(), sizeof header);
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    const u64 at = u64{header.e_shoff} + u64{i} * sizeof(Section);
    if (at + sizeof(Section) > file.size()) return;
    Section section;
    std::memcpy(&section, file.data() + at, sizeof section);
    if (!(section.sh_flags & SHF_EXECINSTR) || section.sh_type != SHT_PROGBITS) continue;
    if (section.sh_offset > file.size() || section.sh_size > file.size() - section.sh_offset) {
      continue;
    }
    visit(file.subspan(section.sh_offset, section.sh_size));
  }
}

// Calls `visit` with each executable section of an x86-64 or i386 ELF file, if that is what it is.
inline void visit_code(std::span<const u8> file, bool want64, const Visit& visit) {
  if (file.size() < 64 || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0) return;
  u16 machine;
  std::memcpy(&machine, file.data() + 18, 2);
  if (want64 && machine == EM_X86_64 && file[EI_CLASS] == ELFCLASS64) {
    visit_sections<Elf64_Ehdr, Elf64_Shdr>(file, visit);
  }
  if (!want64 && machine == EM_386) visit_sections<Elf32_Ehdr, Elf32_Shdr>(file, visit);
}

}  // namespace tiptoe::x86::oracle
