// Names as other formats can carry them.
#pragma once

#include <string>
#include <string_view>

#include "base/types.h"

namespace tiptoe::exporter {

// Bytes that are no UTF-8 replaced by U+FFFD. Names of symbols and files are bytes, not text.
[[nodiscard]] std::string valid_utf8(std::string_view text);

// For text and quoted attributes of XML: valid UTF-8, escaped, no control characters.
[[nodiscard]] std::string xml_text(std::string_view text);

// 1234567 -> "1,234,567".
[[nodiscard]] std::string with_commas(u64 number);

}  // namespace tiptoe::exporter
