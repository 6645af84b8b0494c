#include "workshop.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace tiptoe::testing {
namespace {

void redirect(const std::string& path, int fd) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
  dup2(file, fd);
  if (file != fd) close(file);
}

}  // namespace

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Workshop::Workshop() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tiptoe-test-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp failed");
  folder_ = pattern;
}

Workshop::~Workshop() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string Workshop::write(const std::string& name, const std::string& text, int mode) const {
  std::ofstream(path(name), std::ios::binary) << text;
  chmod(path(name).c_str(), static_cast<mode_t>(mode));
  return path(name);
}

std::string Workshop::compile(const std::string& name, const std::string& source,
                              const std::string& command) const {
  const std::string file = write(name + ".c", source);
  const std::string line = command + " '" + file + "' -o '" + path(name) + "'";
  if (system(line.c_str()) != 0) throw std::runtime_error("failed: " + line);
  return path(name);
}

std::string Workshop::read(const std::string& name) const {
  return read_file(path(name));
}

void Workshop::redirect_output() const {
  redirect(path("stdout"), STDOUT_FILENO);
  redirect(path("stderr"), STDERR_FILENO);
}

Outcome Workshop::run(const std::function<int()>& body) const {
  const pid_t pid = fork();
  if (pid == 0) {
    redirect_output();
    _exit(body());
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read("stdout"),
          read("stderr")};
}

Outcome Workshop::run_native(const std::vector<std::string>& argv,
                             const std::function<void()>& prepare) const {
  return run([&] {
    prepare();
    std::vector<char*> pointers;
    for (const std::string& argument : argv)
      pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    execvp(pointers[0], pointers.data());
    return 127;
  });
}

}  // namespace tiptoe::testing
