// Running programs from tests: start, wait with a limit, collect what they wrote.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace tiptoe::test {

using Command = std::vector<std::string>;

struct Outcome {
  int status = -1;  // the exit status, 128 + N for death by signal N, -1 when the time was over
  std::string out;
  std::string err;
};

// A started program with its standard output and error on pipes and /dev/null as standard input, in
// a process group of its own. What is still running when it is destroyed is killed, the whole
// group.
class Child {
 public:
  // `folder` is where it runs; empty for here.
  explicit Child(const Command& command, const std::string& folder = "");
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }

  // Reads until both pipes are closed by everybody who held them, and the program has ended.
  Outcome finish(std::chrono::milliseconds limit);

  // Reads until standard output holds `bytes` bytes, or its end or the limit is reached.
  void read_output(size_t bytes, std::chrono::milliseconds limit);

 private:
  // One round of reading; false when there is nothing left to read or the time is over.
  bool pump(std::chrono::steady_clock::time_point end);
  bool wait_until(std::chrono::steady_clock::time_point end);

  pid_t pid_ = 0;
  int out_ = -1;
  int err_ = -1;
  bool reaped_ = false;
  Outcome outcome_;
};

// Starts it and waits for its end.
Outcome run(const Command& command, const std::string& folder = "",
            std::chrono::milliseconds limit = std::chrono::seconds(100));

// A folder that goes away with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::vector<std::string> lines_of(const std::string& text);
std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& text);

// Standard error without the line that `tiptoe record` adds at its end.
std::string without_summary(const std::string& text);

}  // namespace tiptoe::test
