#!/bin/bash
# g++ with templates, link-time optimisation; clang on the same; the programs are run.
# packages: g++ clang
# limit: 200
cat > t.cpp <<'CXX'
#include <algorithm>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
template <int N> struct Fib { static constexpr long value = Fib<N - 1>::value + Fib<N - 2>::value; };
template <> struct Fib<0> { static constexpr long value = 0; };
template <> struct Fib<1> { static constexpr long value = 1; };
int main() {
  std::map<std::string, int> m;
  for (int i = 0; i < 2000; ++i) ++m[std::to_string(i * 7919 % 101)];
  long sum = 0;
  std::thread t([&] { for (auto& [k, v] : m) sum += k.size() * v; });
  t.join();
  try { m.at("missing"); } catch (const std::out_of_range&) { sum += Fib<60>::value % 1000; }
  std::printf("%ld\n", sum);
}
CXX
g++ -O2 -flto t.cpp -o t -pthread && ./t
clang++ -O1 t.cpp -o t2 -pthread 2>&1 && ./t2
g++ -std=c++20 -fsyntax-only -x c++ - <<< 'int main() { return "text"; }' 2>&1 | head -n 2
