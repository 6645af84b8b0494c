// packages: g++
// prepare: g++ -g -O1 -fsanitize=undefined,float-cast-overflow -w "$CASE" -o program
// run: ./program
#include <climits>
#include <cstdio>
struct A {
  virtual int f() { return 1; }
};
struct B : A {
  int f() override { return 2; }
};
int main(int argc, char**) {
  int big = INT_MAX - 1 + argc;
  big += argc;
  int shift = 1 << (31 + argc);
  int array[3] = {1, 2, 3};
  int index = 2 + argc;
  volatile double d = 1e20 * argc;
  int converted = (int)d;
  B b;
  A* a = &b;
  std::printf("%d %d\n", a->f(), (big ^ big) + (shift ^ shift) + (converted ^ converted));
  if (argc > 5) std::printf("%d\n", array[index]);
  int* null = argc > 3 ? array : nullptr;
  return *null;
}
