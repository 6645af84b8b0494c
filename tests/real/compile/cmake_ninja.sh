#!/bin/bash
# cmake, ninja, make and their children build a library and a program in C and C++.
# packages: cmake ninja-build make gcc g++
# limit: 200
mkdir src && cat > src/CMakeLists.txt <<'C'
cmake_minimum_required(VERSION 3.20)
project(p LANGUAGES C CXX)
add_library(l SHARED l.c)
add_executable(e e.cpp)
target_link_libraries(e l)
C
echo 'int twice(int n) { return 2 * n; }' > src/l.c
printf '#include <iostream>\n#include <vector>\nextern "C" int twice(int);\nint main() { std::vector<int> v{1, 2, twice(3)}; for (int n : v) std::cout << n << "\\n"; }\n' > src/e.cpp
cmake -S src -B ninja -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null && ninja -C ninja -j2 >/dev/null && ninja/e
ninja -C ninja | tail -n 1
cmake -S src -B make -G 'Unix Makefiles' >/dev/null && make -C make -j2 >/dev/null && make/e
echo 'broken' > src/l.c
make -C make --no-print-directory 2>/dev/null | grep -c Building
