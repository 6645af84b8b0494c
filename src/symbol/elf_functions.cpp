#include "symbol/elf_functions.h"

#include <elfutils/libdwelf.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "symbol/elf_file.h"
#include "symbol/plt_names.h"
#include "symbol/unwind_ranges.h"
#include "trace/module_identity.h"

namespace tiptoe::symbol {
namespace {

constexpr char kDebugRoot[] = "/usr/lib/debug";

std::vector<LoadSegment> load_segments(const ElfFile& file) {
  std::vector<LoadSegment> segments;
  size_t count = 0;
  if (elf_getphdrnum(file.get(), &count) != 0) return segments;
  for (size_t i = 0; i < count; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(file.get(), static_cast<int>(i), &header) == nullptr) break;
    if (header.p_type != PT_LOAD) continue;
    segments.push_back(
        {header.p_offset, header.p_filesz, header.p_vaddr, (header.p_flags & PF_X) != 0});
  }
  return segments;
}

Rank rank_of(const GElf_Sym& symbol) {
  if (GELF_ST_TYPE(symbol.st_info) == STT_NOTYPE) return Rank::kUntyped;
  switch (GELF_ST_BIND(symbol.st_info)) {
    case STB_LOCAL:
      return Rank::kLocal;
    case STB_WEAK:
      return Rank::kWeak;
    default:
      return Rank::kGlobal;
  }
}

bool is_code(const ElfFunctions& elf, u64 address) {
  for (const LoadSegment& segment : elf.segments) {
    if (segment.executable && address >= segment.address &&
        address - segment.address < segment.file_bytes) {
      return true;
    }
  }
  return false;
}

void add_symbols(const ElfFile& file, Elf_Scn* section, const GElf_Shdr& header,
                 ElfFunctions& out) {
  Elf_Data* data = elf_getdata(section, nullptr);
  if (data == nullptr || header.sh_entsize == 0) return;
  for (u64 i = 0; i < header.sh_size / header.sh_entsize; ++i) {
    GElf_Sym symbol;
    if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) break;
    const int type = GELF_ST_TYPE(symbol.st_info);
    if ((type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE) ||
        symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS ||
        !is_code(out, symbol.st_value)) {
      continue;
    }
    const char* name = elf_strptr(file.get(), header.sh_link, symbol.st_name);
    if (name == nullptr || *name == 0 || *name == '$') continue;
    out.candidates.push_back({symbol.st_value, symbol.st_size, rank_of(symbol), name});
  }
}

void add_symbol_tables(const ElfFile& file, ElfFunctions& out) {
  file.for_each_section([&](Elf_Scn* section, const GElf_Shdr& header, const char*) {
    if (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM) {
      add_symbols(file, section, header, out);
    }
  });
}

ElfFunctions read_functions(const ElfFile& file) {
  ElfFunctions functions;
  functions.segments = load_segments(file);
  add_symbol_tables(file, functions);
  add_plt_names(file, functions.candidates);
  add_unwind_ranges(file, functions.candidates);
  return functions;
}

std::string build_id_path(std::span<const u8> build_id) {
  if (build_id.size() < 2) return {};
  std::string path = std::string(kDebugRoot) + "/.build-id/";
  for (size_t i = 0; i < build_id.size(); ++i) {
    char hex[4];
    std::snprintf(hex, sizeof hex, "%02x%s", build_id[i], i == 0 ? "/" : "");
    path += hex;
  }
  return path + ".debug";
}

std::vector<std::string> debug_file_places(const ElfFile& file, const std::string& path,
                                           std::span<const u8> build_id) {
  std::vector<std::string> places;
  if (!build_id.empty()) places.push_back(build_id_path(build_id));
  GElf_Word crc = 0;
  const char* link = file ? dwelf_elf_gnu_debuglink(file.get(), &crc) : nullptr;
  if (link == nullptr) return places;
  const std::string directory = std::filesystem::path(path).parent_path().string();
  places.push_back(directory + "/" + link);
  places.push_back(directory + "/.debug/" + link);
  places.push_back(kDebugRoot + directory + "/" + link);
  return places;
}

// The symbols of the debug file that belongs to this very build. Its section headers are those of
// the original, so addresses need no translation.
void add_debug_file(const ElfFile& file, const std::string& path, std::span<const u8> build_id,
                    ElfFunctions& out) {
  for (const std::string& place : debug_file_places(file, path, build_id)) {
    if (place == path) continue;
    const auto identity = trace::identify_module(place);
    if (!identity || !std::ranges::equal(identity->build_id, build_id)) continue;
    const ElfFile debug(place);
    if (!debug) continue;
    if (out.segments.empty()) out.segments = load_segments(debug);
    add_symbol_tables(debug, out);
    return;
  }
}

}  // namespace

std::optional<u64> ElfFunctions::address_of(u64 file_offset) const {
  for (const LoadSegment& segment : segments) {
    // Mappings begin at page boundaries, a segment's first page may begin before it.
    const u64 first = align_down(segment.file_offset, kPageBytes);
    if (file_offset >= first && file_offset < segment.file_offset + segment.file_bytes) {
      return file_offset - segment.file_offset + segment.address;
    }
  }
  return std::nullopt;
}

std::vector<u64> ElfFunctions::segment_ends() const {
  std::vector<u64> ends;
  for (const LoadSegment& segment : segments) ends.push_back(segment.address + segment.file_bytes);
  return ends;
}

std::optional<ElfFunctions> read_elf_functions(const std::string& path,
                                               std::span<const u8> build_id) {
  const ElfFile file(path);
  if (!file) return std::nullopt;
  ElfFunctions functions = read_functions(file);
  add_debug_file(file, path, build_id, functions);
  return functions;
}

std::optional<ElfFunctions> read_elf_functions(std::span<const u8> image) {
  const ElfFile file(image);
  if (!file) return std::nullopt;
  return read_functions(file);
}

}  // namespace tiptoe::symbol
