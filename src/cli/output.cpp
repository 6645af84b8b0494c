#include "cli/output.h"

#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace tiptoe::cli {

int fail(std::string_view message, int status) {
  std::fflush(stdout);
  std::fprintf(stderr, "tiptoe: %s\n", printable(message).c_str());
  return status;
}

void warn(std::string_view message) {
  fail(message);
}

std::string percent(u64 part, u64 whole) {
  char text[16];
  const double share =
      whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  std::snprintf(text, sizeof text, "%.1f%%", share);
  return text;
}

std::string in_bytes(u64 number) {
  if (number < 1024) return std::to_string(number) + " bytes";
  double value = static_cast<double>(number);
  const char* unit = "";
  for (const char* next : {"KB", "MB", "GB", "TB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, unit);
  return text;
}

std::string hex(u64 number) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(number));
  return text;
}

std::string hex_bytes(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    char digits[4];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<u8>(byte));
    text += digits;
  }
  return text;
}

std::string right(std::string_view text, size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + std::string(text);
}

std::string left(std::string_view text, size_t width) {
  return std::string(text) + std::string(width - std::min(width, text.size()), ' ');
}

std::string printable(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (static_cast<u8>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return result;
}

std::string describe_wait_status(int wait_status) {
  if (WIFEXITED(wait_status)) return "exit status " + std::to_string(WEXITSTATUS(wait_status));
  if (!WIFSIGNALED(wait_status)) return "wait status " + std::to_string(wait_status);
  const int number = WTERMSIG(wait_status);
  return "killed by signal " + std::to_string(number) + " (" + strsignal(number) + ")";
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace tiptoe::cli
