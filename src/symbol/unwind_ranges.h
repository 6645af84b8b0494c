// Where functions begin and end according to .eh_frame, which even stripped files keep.
#pragma once

#include <vector>

#include "symbol/elf_file.h"
#include "symbol/function_ranges.h"

namespace tiptoe::symbol {

// Reads the sorted table of .eh_frame_hdr and the frame descriptions behind it. Understands the one
// encoding that x86-64 compilers and linkers write; anything else yields nothing.
void add_unwind_ranges(const ElfFile& file, std::vector<Candidate>& out);

}  // namespace tiptoe::symbol
