// Who a file is: size, time, and the GNU build-id from its ELF notes.
//
// Used by the recorder while the program runs and by readers afterwards, so that a changed file is
// never taken for the one that ran. Reads only the headers and the note segments.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "trace/records.h"
#include "trace/result.h"

namespace tiptoe::trace {

// Fails when the file cannot be opened or read. A file that is not ELF has an empty build-id.
[[nodiscard]] Expected<ModuleIdentity> identify_module(const std::string& path);

// The build-id of an ELF image in memory (the vdso), or of a file read whole; empty when none.
[[nodiscard]] std::vector<u8> build_id_of(std::span<const u8> elf);

}  // namespace tiptoe::trace
