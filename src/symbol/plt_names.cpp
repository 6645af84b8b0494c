#include "symbol/plt_names.h"

#include <cstring>
#include <map>
#include <string>

namespace tiptoe::symbol {
namespace {

using SlotNames = std::map<u64, std::string>;  // an address -> the symbol there, or its slot's

void add_slot_names(const ElfFile& file, Elf_Scn* section, const GElf_Shdr& header,
                    const SlotNames& resolvers, SlotNames& names) {
  Elf_Data* relocations = elf_getdata(section, nullptr);
  Elf_Scn* symbol_section = elf_getscn(file.get(), header.sh_link);
  GElf_Shdr symbol_header;
  if (relocations == nullptr || symbol_section == nullptr || header.sh_entsize == 0 ||
      gelf_getshdr(symbol_section, &symbol_header) == nullptr) {
    return;
  }
  Elf_Data* symbols = elf_getdata(symbol_section, nullptr);
  for (u64 i = 0; i < header.sh_size / header.sh_entsize; ++i) {
    GElf_Rela relocation;
    GElf_Sym symbol;
    if (gelf_getrela(relocations, static_cast<int>(i), &relocation) == nullptr) break;
    const u64 type = GELF_R_TYPE(relocation.r_info);
    if (type == R_X86_64_IRELATIVE) {
      // The slot of an IFUNC of the same file: the resolver's address bears the function's name.
      const auto resolver = resolvers.find(static_cast<u64>(relocation.r_addend));
      names[relocation.r_offset] = resolver == resolvers.end() ? "" : resolver->second;
      continue;
    }
    if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT) continue;
    const int index = static_cast<int>(GELF_R_SYM(relocation.r_info));
    if (symbols == nullptr || gelf_getsym(symbols, index, &symbol) == nullptr) continue;
    const char* name = elf_strptr(file.get(), symbol_header.sh_link, symbol.st_name);
    if (name != nullptr && *name != 0) names[relocation.r_offset] = name;
  }
}

// Finds `jmp *slot(%rip)` among the first bytes of a stub (endbr64 or a bnd prefix may stand
// before).
u64 slot_of_stub(std::span<const u8> stub, u64 address) {
  for (size_t i = 0; i + 6 <= stub.size(); ++i) {
    if (stub[i] != 0xff || stub[i + 1] != 0x25) continue;
    i32 displacement;
    std::memcpy(&displacement, stub.data() + i + 2, sizeof displacement);
    return address + i + 6 + static_cast<u64>(i64{displacement});
  }
  return 0;
}

}  // namespace

void add_plt_names(const ElfFile& file, std::vector<Candidate>& out) {
  SlotNames resolvers;
  for (const Candidate& candidate : out) resolvers.try_emplace(candidate.start, candidate.name);
  SlotNames names;
  file.for_each_section([&](Elf_Scn* section, const GElf_Shdr& header, const char*) {
    if (header.sh_type == SHT_RELA) add_slot_names(file, section, header, resolvers, names);
  });
  if (names.empty()) return;
  file.for_each_section([&](Elf_Scn* section, const GElf_Shdr& header, const char* name) {
    if (std::strncmp(name, ".plt", 4) != 0) return;
    const std::span<const u8> code = ElfFile::bytes_of(section);
    const size_t step = header.sh_entsize == 8 ? 8 : 16;
    for (size_t at = 0; at + step <= code.size(); at += step) {
      const auto slot = names.find(slot_of_stub(code.subspan(at, step), header.sh_addr + at));
      if (slot == names.end()) continue;
      const bool named = !slot->second.empty();
      out.push_back({header.sh_addr + at, step, named ? Rank::kGlobal : Rank::kEntry,
                     named ? slot->second + "@plt" : std::string()});
    }
  });
}

}  // namespace tiptoe::symbol
