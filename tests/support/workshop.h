// Making and running programs for tests: a folder that goes away, compilers, children whose output
// and end are caught.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace tiptoe::testing {

// Where a child's wait status says it went: its exit status, or 128 + the signal that killed it.
struct Outcome {
  int status = -1;
  std::string out;
  std::string err;
};

class Workshop {
 public:
  Workshop();
  ~Workshop();
  Workshop(const Workshop&) = delete;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& text, int mode = 0644) const;
  // `command`: a compiler and its flags; the source's name comes after them. Throws on failure.
  std::string compile(const std::string& name, const std::string& source,
                      const std::string& command = "gcc -O1") const;
  std::string read(const std::string& name) const;

  // In a child: standard output and error go to the files "stdout" and "stderr" of the folder.
  void redirect_output() const;
  // Runs `body` in a child, with standard output and error in files; `body` returns its exit
  // status.
  Outcome run(const std::function<int()>& body) const;
  // Runs a program natively, in a child prepared by `prepare`.
  Outcome run_native(
      const std::vector<std::string>& argv, const std::function<void()>& prepare = [] {}) const;

 private:
  std::filesystem::path folder_;
};

std::string read_file(const std::string& path);

}  // namespace tiptoe::testing
