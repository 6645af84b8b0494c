#include "tools/master_stepper/symbols.h"

#include <elf.h>

#include <fstream>
#include <iterator>
#include <vector>

#include "tools/master_stepper/task.h"

namespace tiptoe::master {

u64 Symbols::operator[](const std::string& name) const {
  const auto found = values.find(name);
  if (found == values.end()) die("no such symbol: " + name);
  return found->second;
}

Symbols read_symbols(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  if (bytes.size() < sizeof(Elf64_Ehdr)) die("cannot read " + file);
  const auto at = [&](u64 offset) { return bytes.data() + offset; };
  const auto& header = *reinterpret_cast<const Elf64_Ehdr*>(at(0));
  Symbols symbols;
  const auto* sections = reinterpret_cast<const Elf64_Shdr*>(at(header.e_shoff));
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    if (sections[i].sh_type != SHT_SYMTAB) continue;
    const char* names = at(sections[sections[i].sh_link].sh_offset);
    const auto* entries = reinterpret_cast<const Elf64_Sym*>(at(sections[i].sh_offset));
    for (u64 j = 0; j < sections[i].sh_size / sizeof(Elf64_Sym); ++j) {
      symbols.values[names + entries[j].st_name] = entries[j].st_value;
    }
  }
  return symbols;
}

}  // namespace tiptoe::master
