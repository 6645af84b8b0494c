#include "integration/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace tiptoe::test {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void become(const Command& command, const std::string& folder, int out, int err) {
  setpgid(0, 0);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  close(nothing);
  if (!folder.empty() && chdir(folder.c_str()) != 0) _exit(124);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

// Reads what is there; closes the pipe at its end.
void read_some(int& pipe, std::string& text) {
  char buffer[65536];
  const ssize_t got = read(pipe, buffer, sizeof buffer);
  if (got > 0) {
    text.append(buffer, static_cast<size_t>(got));
  } else {
    close(pipe);
    pipe = -1;
  }
}

}  // namespace

Child::Child(const Command& command, const std::string& folder) {
  int out[2], err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) become(command, folder, out[1], err[1]);
  setpgid(pid_, pid_);
  close(out[1]);
  close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

Child::~Child() {
  kill(-pid_, SIGKILL);
  if (!reaped_) waitpid(pid_, nullptr, 0);
  if (out_ >= 0) close(out_);
  if (err_ >= 0) close(err_);
}

bool Child::pump(Clock::time_point end) {
  if (out_ < 0 && err_ < 0) return false;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
  if (left.count() <= 0) return false;
  pollfd pipes[] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
  if (poll(pipes, 2, static_cast<int>(left.count())) <= 0) return false;
  if (pipes[0].revents) read_some(out_, outcome_.out);
  if (pipes[1].revents) read_some(err_, outcome_.err);
  return true;
}

bool Child::wait_until(Clock::time_point end) {
  int status = 0;
  while (waitpid(pid_, &status, WNOHANG) == 0) {
    if (Clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  reaped_ = true;
  outcome_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

Outcome Child::finish(std::chrono::milliseconds limit) {
  const auto end = Clock::now() + limit;
  while (pump(end)) {
  }
  if (out_ >= 0 || err_ >= 0 || !wait_until(end)) outcome_.status = -1;
  return outcome_;
}

void Child::read_output(size_t bytes, std::chrono::milliseconds limit) {
  const auto end = Clock::now() + limit;
  while (outcome_.out.size() < bytes && out_ >= 0 && pump(end)) {
  }
}

Outcome run(const Command& command, const std::string& folder, std::chrono::milliseconds limit) {
  return Child(command, folder).finish(limit);
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "tiptoe-test-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string without_summary(const std::string& text) {
  const std::vector<std::string> lines = lines_of(text);
  if (lines.empty() || !lines.back().starts_with("tiptoe: ")) return text;
  return text.substr(0, text.rfind(lines.back()));
}

}  // namespace tiptoe::test
