#include "symbol/unwind_ranges.h"

#include <cstring>

namespace tiptoe::symbol {
namespace {

struct Region {
  u64 address = 0;
  std::span<const u8> bytes;

  template <class T>
  bool read(u64 at, T& out) const {
    if (at < address || at - address > bytes.size() || bytes.size() - (at - address) < sizeof out) {
      return false;
    }
    std::memcpy(&out, bytes.data() + (at - address), sizeof out);
    return true;
  }
};

constexpr u8 kPcRelative4 = 0x1b;    // DW_EH_PE_pcrel | DW_EH_PE_sdata4
constexpr u8 kUnsigned4 = 0x03;      // DW_EH_PE_udata4
constexpr u8 kDataRelative4 = 0x3b;  // DW_EH_PE_datarel | DW_EH_PE_sdata4

// The size of the function at `start` from its frame description; 0 when that is encoded otherwise.
u64 size_from_description(const Region& frames, u64 description, u64 start) {
  i32 begin = 0;
  u32 size = 0;
  const u64 begin_field = description + 8;
  if (!frames.read(begin_field, begin) || !frames.read(begin_field + 4, size)) return 0;
  return begin_field + static_cast<u64>(i64{begin}) == start ? size : 0;
}

}  // namespace

void add_unwind_ranges(const ElfFile& file, std::vector<Candidate>& out) {
  Region table;
  Region frames;
  file.for_each_section([&](Elf_Scn* section, const GElf_Shdr& header, const char* name) {
    if (std::strcmp(name, ".eh_frame_hdr") == 0)
      table = {header.sh_addr, ElfFile::bytes_of(section)};
    if (std::strcmp(name, ".eh_frame") == 0) frames = {header.sh_addr, ElfFile::bytes_of(section)};
  });
  u8 head[4];  // version, encodings of the frame pointer, the count and the table
  u32 count = 0;
  if (!table.read(table.address, head) || head[0] != 1 || head[1] != kPcRelative4 ||
      head[2] != kUnsigned4 || head[3] != kDataRelative4 || !table.read(table.address + 8, count)) {
    return;
  }
  for (u32 i = 0; i < count; ++i) {
    i32 entry[2];
    if (!table.read(table.address + 12 + u64{i} * sizeof entry, entry)) return;
    const u64 start = table.address + static_cast<u64>(i64{entry[0]});
    const u64 description = table.address + static_cast<u64>(i64{entry[1]});
    const u64 size = size_from_description(frames, description, start);
    if (size != 0) out.push_back({start, size, Rank::kUnwind, {}});
  }
}

}  // namespace tiptoe::symbol
