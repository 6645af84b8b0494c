// Printing: errors on stderr in one form, numbers and names in one form.
#pragma once

#include <string>
#include <string_view>

#include "base/types.h"
#include "export/text.h"

namespace tiptoe::cli {

// Prints "tiptoe: MESSAGE" to stderr and returns `status`.
int fail(std::string_view message, int status = 1);
void warn(std::string_view message);

using exporter::with_commas;
// "12.3%"; of nothing: "0.0%".
std::string percent(u64 part, u64 whole);
// 1536 -> "1.5 KB".
std::string in_bytes(u64 number);
std::string hex(u64 number);
std::string hex_bytes(std::string_view bytes);
// Right- and left-aligned in `width` columns.
std::string right(std::string_view text, size_t width);
std::string left(std::string_view text, size_t width);
// Control characters (a hostile name could drive the terminal) replaced.
std::string printable(std::string_view text);
// As JSON needs it: no invalid UTF-8.
using exporter::valid_utf8;

// "exit status 3", "killed by signal 11 (Segmentation fault)".
std::string describe_wait_status(int wait_status);

// Writes to stdout through a large buffer.
void print(std::string_view text);

}  // namespace tiptoe::cli
