// build: -shared -fPIC
// Opened at run time by hazard_throw_through.
struct Guard {
  int* left;
  ~Guard() { ++*left; }
};

extern "C" void call_back(void (*function)(), int depth) {
  static int left;
  const Guard guard{&left};
  if (depth == 0) function();
  if (depth > 0) call_back(function, depth - 1);
}
