#include "trace/module_identity.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>

namespace tiptoe::trace {
namespace {

constexpr u64 kMaxNoteBytes = 1 << 20;
constexpr u32 kMaxBuildIdBytes = 64;

// Reads `size` bytes at `offset` into `out`; false when they are not all there.
using ReadAt = std::function<bool(u64 offset, void* out, size_t size)>;

// Finds the GNU build-id among the notes of one segment or section.
std::vector<u8> find_in_notes(std::span<const u8> notes, u64 alignment) {
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr note;
    std::memcpy(&note, notes.data(), sizeof note);
    const u64 description = align_up(sizeof note + u64{note.n_namesz}, alignment);
    if (description + note.n_descsz > notes.size()) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && note.n_descsz <= kMaxBuildIdBytes &&
        std::memcmp(notes.data() + sizeof note, "GNU", 4) == 0) {
      const auto id = notes.subspan(description, note.n_descsz);
      return {id.begin(), id.end()};
    }
    const u64 next = align_up(description + note.n_descsz, alignment);
    if (next >= notes.size()) break;
    notes = notes.subspan(next);
  }
  return {};
}

template <class Ehdr, class Phdr>
std::vector<u8> find_build_id(const ReadAt& read_at) {
  Ehdr header;
  if (!read_at(0, &header, sizeof header) || header.e_phentsize != sizeof(Phdr)) return {};
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Phdr segment;
    if (!read_at(header.e_phoff + i * sizeof segment, &segment, sizeof segment)) return {};
    if (segment.p_type != PT_NOTE || segment.p_filesz > kMaxNoteBytes) continue;
    std::vector<u8> notes(segment.p_filesz);
    if (!read_at(segment.p_offset, notes.data(), notes.size())) continue;
    std::vector<u8> id = find_in_notes(notes, segment.p_align == 8 ? 8 : 4);
    if (!id.empty()) return id;
  }
  return {};
}

std::vector<u8> find_build_id_any_class(const ReadAt& read_at) {
  u8 ident[EI_NIDENT];
  if (!read_at(0, ident, sizeof ident) || std::memcmp(ident, ELFMAG, SELFMAG) != 0) return {};
  if (ident[EI_CLASS] == ELFCLASS32) return find_build_id<Elf32_Ehdr, Elf32_Phdr>(read_at);
  return find_build_id<Elf64_Ehdr, Elf64_Phdr>(read_at);
}

}  // namespace

std::vector<u8> build_id_of(std::span<const u8> elf) {
  return find_build_id_any_class([elf](u64 offset, void* out, size_t size) {
    if (offset > elf.size() || size > elf.size() - offset) return false;
    if (size != 0) std::memcpy(out, elf.data() + offset, size);
    return true;
  });
}

Expected<ModuleIdentity> identify_module(const std::string& path) {
  // O_NONBLOCK: the path may name a fifo by now.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Error{"cannot open " + path + ": " + std::strerror(errno)};
  ModuleIdentity module;
  module.path = path;
  struct stat status {};
  fstat(fd, &status);
  module.device = status.st_dev;
  module.inode = status.st_ino;
  module.mtime_ns = status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec;
  module.bytes = static_cast<u64>(status.st_size);
  if (S_ISREG(status.st_mode)) {
    module.build_id = find_build_id_any_class([fd](u64 offset, void* out, size_t size) {
      return pread(fd, out, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
    });
  }
  close(fd);
  return module;
}

}  // namespace tiptoe::trace
