#include "symbol/elf_file.h"

#include <fcntl.h>
#include <unistd.h>

namespace tiptoe::symbol {

ElfFile::ElfFile(const std::string& path) {
  elf_version(EV_CURRENT);
  fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ >= 0) elf_ = elf_begin(fd_, ELF_C_READ_MMAP, nullptr);
  if (elf_ != nullptr && elf_kind(elf_) != ELF_K_ELF) {
    elf_end(elf_);
    elf_ = nullptr;
  }
}

ElfFile::ElfFile(std::span<const u8> image) {
  elf_version(EV_CURRENT);
  // libelf takes a non-const pointer, and does not write through it.
  elf_ = elf_memory(reinterpret_cast<char*>(const_cast<u8*>(image.data())), image.size());
  if (elf_ != nullptr && elf_kind(elf_) != ELF_K_ELF) {
    elf_end(elf_);
    elf_ = nullptr;
  }
}

ElfFile::~ElfFile() {
  if (elf_ != nullptr) elf_end(elf_);
  if (fd_ >= 0) close(fd_);
}

void ElfFile::for_each_section(
    const std::function<void(Elf_Scn*, const GElf_Shdr&, const char* name)>& visit) const {
  size_t names = 0;
  if (elf_getshdrstrndx(elf_, &names) != 0) return;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf_, section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    const char* name = elf_strptr(elf_, names, header.sh_name);
    visit(section, header, name == nullptr ? "" : name);
  }
}

std::span<const u8> ElfFile::bytes_of(Elf_Scn* section) {
  const Elf_Data* data = elf_rawdata(section, nullptr);
  if (data == nullptr || data->d_buf == nullptr) return {};
  return {static_cast<const u8*>(data->d_buf), data->d_size};
}

}  // namespace tiptoe::symbol
