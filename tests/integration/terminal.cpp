#include "integration/terminal.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

namespace tiptoe::test {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

Terminal::Terminal(const Command& command, const std::string& folder) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const winsize wide{.ws_row = 24, .ws_col = 500, .ws_xpixel = 0, .ws_ypixel = 0};
  pid_ = forkpty(&master_, nullptr, nullptr, &wide);
  if (pid_ < 0) throw std::runtime_error("forkpty");
  if (pid_ == 0) {
    if (chdir(folder.c_str()) == 0) execvp(words[0], words.data());
    _exit(127);
  }
}

Terminal::~Terminal() {
  if (master_ >= 0) close(master_);
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Terminal::type(const std::string& keys) const {
  if (write(master_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
    throw std::runtime_error("write to the terminal");
  }
}

bool Terminal::wait_for(const std::string& what, std::chrono::milliseconds limit) {
  const Clock::time_point end = Clock::now() + limit;
  for (;;) {
    const size_t found = shown_.find(what, waited_for_);
    if (found != std::string::npos) {
      waited_for_ = found + what.size();
      return true;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    pollfd terminal{master_, POLLIN, 0};
    if (left.count() <= 0 || poll(&terminal, 1, static_cast<int>(left.count())) <= 0) return false;
    char buffer[4096];
    const ssize_t got = read(master_, buffer, sizeof buffer);
    if (got <= 0) return false;
    shown_.append(buffer, static_cast<size_t>(got));
  }
}

int Terminal::finish(std::chrono::milliseconds limit) {
  wait_for("\x01no such text\x01", limit);
  const Clock::time_point end = Clock::now() + limit;
  int status = 0;
  while (waitpid(pid_, &status, WNOHANG) != pid_) {
    if (Clock::now() > end) return -1;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace tiptoe::test
