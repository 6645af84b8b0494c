// Names for the stubs through which calls to other libraries go: foo@plt.
#pragma once

#include <vector>

#include "symbol/elf_file.h"
#include "symbol/function_ranges.h"

namespace tiptoe::symbol {

// Reads each stub's jump through its GOT slot and names it after the relocation of that slot, so
// that lazy, non-lazy and IBT layouts (.plt, .plt.got, .plt.sec) need no telling apart.
void add_plt_names(const ElfFile& file, std::vector<Candidate>& out);

}  // namespace tiptoe::symbol
