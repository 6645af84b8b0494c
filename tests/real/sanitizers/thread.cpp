// packages: g++
// prepare: g++ -g -O1 -fsanitize=thread "$CASE" -o program
// run: env TSAN_OPTIONS=report_bugs=1:log_path=report:exitcode=66 ./program
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>
int main() {
  std::atomic<int> started{0};
  std::mutex mutex;
  long good = 0, bad = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      ++started;
      while (started < 4) std::this_thread::yield();
      for (int i = 0; i < 500; ++i) {
        std::lock_guard lock(mutex);
        good += i * t;
      }
      bad += t;  // the race that is to be found
    });
  for (auto& t : threads) t.join();
  std::printf("%ld %d\n", good, bad >= 0);
}
