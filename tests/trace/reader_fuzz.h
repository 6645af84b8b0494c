// Reads a file as every verb together would; what the fuzz target and the mutation tests run.
#pragma once

#include <filesystem>

#include "base/types.h"

namespace tiptoe::testing {

// Opens, loads, walks every stream into a call tree, a path and counts. Returns a number that
// depends on everything read. Must neither crash nor hang, whatever the file holds.
u64 read_everything(const std::filesystem::path& path);

}  // namespace tiptoe::testing
