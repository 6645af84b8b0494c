// build: -pthread
//
// Exceptions of every kind: through many frames, with destructors, rethrown, caught by base, out
// of a constructor, and in threads. Prints what it did.
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

int destroyed = 0;

struct Guard {
  ~Guard() { ++destroyed; }
};

struct Refuses {
  Guard guard;
  explicit Refuses(int value) {
    if (value % 2) throw std::invalid_argument("odd: " + std::to_string(value));
  }
};

int deep(int levels) {
  Guard guard;
  if (levels == 0) throw std::out_of_range("the bottom");
  return deep(levels - 1) + 1;
}

std::string describe(int number) {
  try {
    try {
      if (number % 3 == 0) deep(number);
      Refuses refuses(number);
      return "fine " + std::to_string(number);
    } catch (const std::out_of_range&) {
      throw;
    } catch (const std::logic_error& error) {
      std::throw_with_nested(std::runtime_error("wrapped"));
    }
  } catch (const std::runtime_error& error) {
    try {
      std::rethrow_if_nested(error);
    } catch (const std::exception& inner) {
      return std::string(error.what()) + " " + inner.what();
    }
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "something else";
  }
  return "nothing";
}

}  // namespace

int main() {
  for (int i = 0; i < 30; ++i) std::printf("%s\n", describe(i).c_str());
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t, &results] {
      for (int i = 0; i < 50; ++i) {
        try {
          throw t * 100 + i;
        } catch (int value) {
          results[t] = std::to_string(value);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& result : results) std::printf("%s\n", result.c_str());
  std::printf("%d destroyed\n", destroyed);
  std::fprintf(stderr, "going with 3\n");
  return 3;
}
