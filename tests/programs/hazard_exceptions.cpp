// build: -pthread -O0
// hazard: 1.6
// Hazard: C++ exceptions through 50 frames, with destructors on the way, in several threads.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Guard {
  int* count;
  ~Guard() { ++*count; }
};

void descend(int depth, int* count) {
  const Guard guard{count};
  if (depth == 0) throw std::runtime_error("bottom");
  descend(depth - 1, count);
}

void throw_often(int rounds, int* count, int* caught) {
  for (int i = 0; i < rounds; ++i) {
    try {
      try {
        descend(50, count);
      } catch (const std::exception& error) {
        if (error.what() == std::string("bottom")) ++*caught;
        throw;
      }
    } catch (...) {
      ++*caught;
    }
  }
}

}  // namespace

int main() {
  int counts[4] = {}, caught[4] = {};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(throw_often, 100, &counts[i], &caught[i]);
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 4; ++i) std::printf("%d destroyed, %d caught\n", counts[i], caught[i]);
}
