#include "record/summary.h"

#include <cstdio>

namespace tiptoe::record {
namespace {

std::string with_separators(u64 number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string counted(u64 number, const std::string& what, const char* plural) {
  return with_separators(number) + " " + what + (number == 1 ? "" : plural);
}

std::string readable_bytes(u64 bytes) {
  constexpr const char* kUnits[] = {"bytes", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1000 && unit < 4) {
    value /= 1000;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof(text), unit ? "%.1f %s" : "%.0f %s", value, kUnits[unit]);
  return text;
}

}  // namespace

std::string summary_line(const Summary& summary) {
  const bool has_flow = summary.mode == trace::RecordMode::kFlow;
  std::string line = (has_flow ? readable_bytes(summary.flow_bytes) + " of control flow, "
                               : std::string("coverage of ")) +
                     counted(summary.threads, "thread", "s") + ", " +
                     counted(summary.processes, "process", "es") + ", " +
                     readable_bytes(summary.file_bytes) + " in " + summary.file;
  if (summary.dropped_words) {
    line += "; " + counted(summary.dropped_words, "record", "s") + " dropped";
  }
  return line;
}

}  // namespace tiptoe::record
