// A pseudo-terminal with a program on it: type, and wait for what it shows.
#pragma once

#include <sys/types.h>

#include <chrono>

#include "integration/child.h"

namespace tiptoe::test {

class Terminal {
 public:
  // The command leads a session of its own, whose terminal this is. What is left of it is hung up
  // and killed at the end.
  Terminal(const Command& command, const std::string& folder);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void type(const std::string& keys) const;
  // Waits until `what` is shown behind all that was waited for before. False when the time is over
  // or everybody has closed the terminal.
  bool wait_for(const std::string& what, std::chrono::milliseconds limit);
  // What was shown up to the last thing waited for.
  std::string seen() const { return shown_.substr(0, waited_for_); }
  std::string shown() const { return shown_; }
  // The exit status, 128 + N for a death by signal N.
  int finish(std::chrono::milliseconds limit);

 private:
  pid_t pid_ = 0;
  int master_ = -1;
  std::string shown_;
  size_t waited_for_ = 0;
};

}  // namespace tiptoe::test
