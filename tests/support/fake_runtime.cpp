#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "workshop.h"

namespace tiptoe::testing {
namespace {

// As cmake/inside.cmake builds and links the runtime.
constexpr char kCommand[] =
    "g++-12 -std=c++20 -O2 -Wall -Wextra -Werror -ffreestanding -fno-strict-aliasing "
    "-mgeneral-regs-only -mno-red-zone -fPIC -fno-stack-protector -fno-exceptions -fno-rtti "
    "-fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns -fcf-protection=none "
    "-shared -nostdlib -Wl,-Bsymbolic -Wl,-z,noexecstack -Wl,-z,now -Wl,-z,norelro "
    "-Wl,-z,separate-code -Wl,--hash-style=sysv -Wl,--build-id=none";

// Beside the test program, so that it is compiled once for all of them.
std::filesystem::path image_path() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "fake_runtime.so";
}

void build(const std::filesystem::path& source, const std::filesystem::path& image) {
  const std::filesystem::path tests = source.parent_path().parent_path().parent_path();
  const std::string fresh = image.string() + "." + std::to_string(getpid());
  const std::string line = std::string(kCommand) + " -iquote '" + tests.string() + "' -iquote '" +
                           (tests.parent_path() / "src").string() + "' '" + source.string() +
                           "' -o '" + fresh + "'";
  if (std::system(line.c_str()) != 0) throw std::runtime_error("failed: " + line);
  std::filesystem::rename(fresh, image);  // tests may run side by side
}

bool is_older(const std::filesystem::path& image, const std::filesystem::path& source) {
  std::error_code missing;
  const auto built = std::filesystem::last_write_time(image, missing);
  return missing || built < std::filesystem::last_write_time(source);
}

}  // namespace

const std::vector<unsigned char>& fake_runtime() {
  static const std::vector<unsigned char> bytes = [] {
    const std::filesystem::path source =
        std::filesystem::path(TIPTOE_TEST_DATA) / "support" / "fake_runtime" / "runtime.cpp";
    if (is_older(image_path(), source)) build(source, image_path());
    const std::string text = read_file(image_path());
    return std::vector<unsigned char>(text.begin(), text.end());
  }();
  return bytes;
}

}  // namespace tiptoe::testing
