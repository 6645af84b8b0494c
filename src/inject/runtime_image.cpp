#include "inject/runtime_image.h"

#include <elf.h>
#include <sys/mman.h>

#include <cstring>
#include <string_view>

#include "bridge/boot.h"

namespace tiptoe::inject {
namespace {

constexpr u64 kMaxImageBytes = 64ull << 20;

template <class T>
bool read_at(std::span<const u8> bytes, u64 offset, T& value) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return false;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return true;
}

Error broken(const char* what) {
  return Error{std::string("the embedded runtime image is broken: ") + what};
}

int protection_of(u32 elf_flags) {
  int protection = PROT_NONE;
  if (elf_flags & PF_R) protection |= PROT_READ;
  if (elf_flags & PF_W) protection |= PROT_WRITE;
  if (elf_flags & PF_X) protection |= PROT_EXEC;
  return protection;
}

// Calls `visit(program_header)` for each; false when a header lies outside the file.
template <class Visit>
bool for_each_program_header(std::span<const u8> elf, Visit visit) {
  Elf64_Ehdr header;
  if (!read_at(elf, 0, header)) return false;
  for (u32 i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr program;
    if (!read_at(elf, header.e_phoff + i * sizeof(program), program)) return false;
    if (!visit(program)) return false;
  }
  return true;
}

bool is_x86_64_shared_object(std::span<const u8> elf) {
  Elf64_Ehdr header;
  return read_at(elf, 0, header) && std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_machine == EM_X86_64 &&
         header.e_type == ET_DYN && header.e_phentsize == sizeof(Elf64_Phdr);
}

}  // namespace

template <class T>
bool RuntimeImage::read(u64 offset, T& value) const {
  return read_at(std::span<const u8>(contents_), offset, value);
}

Expected<RuntimeImage> RuntimeImage::parse(std::span<const u8> elf) {
  if (!is_x86_64_shared_object(elf)) return broken("not an x86-64 shared object");
  RuntimeImage image;
  if (Status status = image.read_segments(elf); !status) return status.error();
  if (Status status = image.read_dynamic(elf); !status) return status.error();
  return image;
}

Status RuntimeImage::read_segments(std::span<const u8> elf) {
  const bool sound = for_each_program_header(elf, [&](const Elf64_Phdr& program) {
    if (program.p_type != PT_LOAD) return true;
    const u64 end = program.p_vaddr + program.p_memsz;
    if (program.p_filesz > program.p_memsz || end < program.p_vaddr || end > kMaxImageBytes ||
        program.p_offset > elf.size() || elf.size() - program.p_offset < program.p_filesz) {
      return false;
    }
    const u64 start = align_down(program.p_vaddr, kPageBytes);
    if (!segments_.empty() && start < segments_.back().offset + segments_.back().bytes) {
      return false;  // two segments on one page cannot both keep their protection
    }
    contents_.resize(align_up(end, kPageBytes));
    std::memcpy(contents_.data() + program.p_vaddr, elf.data() + program.p_offset,
                program.p_filesz);
    segments_.push_back({start, align_up(end, kPageBytes) - start, protection_of(program.p_flags)});
    return true;
  });
  if (!sound || segments_.empty()) return broken("bad program headers");
  return {};
}

Status RuntimeImage::read_dynamic(std::span<const u8> elf) {
  u64 dynamic = 0, dynamic_bytes = 0;
  for_each_program_header(elf, [&](const Elf64_Phdr& program) {
    if (program.p_type == PT_DYNAMIC) {
      dynamic = program.p_vaddr;
      dynamic_bytes = program.p_memsz;
    }
    return true;
  });
  u64 symbols = 0, strings = 0, string_bytes = 0, hash = 0, rela = 0, rela_bytes = 0;
  Elf64_Dyn entry;
  for (u64 at = dynamic; at < dynamic + dynamic_bytes && read(at, entry); at += sizeof(entry)) {
    const u64 value = entry.d_un.d_val;
    switch (entry.d_tag) {
      case DT_SYMTAB:
        symbols = value;
        break;
      case DT_STRTAB:
        strings = value;
        break;
      case DT_STRSZ:
        string_bytes = value;
        break;
      case DT_HASH:
        hash = value;
        break;
      case DT_RELA:
        rela = value;
        break;
      case DT_RELASZ:
        rela_bytes = value;
        break;
      case DT_REL:
      case DT_JMPREL:
      case DT_RELR:
      case DT_NEEDED:
        return broken("it needs more than relative relocations");
      default:
        break;
    }
  }
  if (!symbols || !strings || !hash) return broken("no dynamic symbols");
  if (Status status = read_relocations(rela, rela_bytes); !status) return status;
  return read_symbols(symbols, strings, string_bytes, hash);
}

Status RuntimeImage::read_relocations(u64 table, u64 bytes) {
  for (u64 at = table; at < table + bytes; at += sizeof(Elf64_Rela)) {
    Elf64_Rela rela;
    if (!read(at, rela)) return broken("relocations outside the image");
    if (ELF64_R_TYPE(rela.r_info) == R_X86_64_NONE) continue;
    u64 word;
    if (ELF64_R_TYPE(rela.r_info) != R_X86_64_RELATIVE || !read(rela.r_offset, word)) {
      return broken("a relocation is not a relative one");
    }
    relocations_.push_back({rela.r_offset, static_cast<u64>(rela.r_addend)});
  }
  return {};
}

Status RuntimeImage::read_symbols(u64 symbols, u64 strings, u64 string_bytes, u64 hash) {
  if (strings > contents_.size() || contents_.size() - strings < string_bytes) {
    return broken("strings outside the image");
  }
  const std::string_view names(reinterpret_cast<const char*>(contents_.data() + strings),
                               string_bytes);
  if (names.empty() || names.back() != 0) return broken("strings without an end");
  u32 count = 0;  // DT_HASH: bucket count, then the number of symbols
  if (!read(hash + sizeof(u32), count)) return broken("no symbol count");
  for (u32 i = 0; i < count; ++i) {
    Elf64_Sym symbol;
    if (!read(symbols + i * sizeof(symbol), symbol) || symbol.st_name >= names.size()) {
      return broken("symbols outside the image");
    }
    const std::string_view name = names.data() + symbol.st_name;
    if (name == kBootSymbol) boot_offset_ = symbol.st_value;
    if (name == kEntrySymbol) entry_offset_ = symbol.st_value;
  }
  if (!boot_offset_ || !entry_offset_) return broken("it lacks tiptoe_boot or tiptoe_entry");
  if (boot_offset_ > bytes() || bytes() - boot_offset_ < sizeof(BootParams)) {
    return broken("tiptoe_boot lies outside");
  }
  return {};
}

std::vector<u8> RuntimeImage::relocated(u64 base) const {
  std::vector<u8> bytes = contents_;
  for (const Relocation& relocation : relocations_) {
    const u64 value = base + relocation.addend;
    std::memcpy(bytes.data() + relocation.offset, &value, sizeof(value));
  }
  return bytes;
}

}  // namespace tiptoe::inject
