// build: -nostdlib -static -ffreestanding -fno-inline -fno-ipa-icf -fno-ipa-cp
//
// Indirect calls: one site with one target, with targets in turn, with more targets than any
// inline cache holds, and virtual-like calls through objects; callbacks from a sort.
#include "path_c.h"

typedef int (*Operation)(int);

#define OPERATION(n)                \
  static int operation_##n(int x) { \
    return x * 3 + n;               \
  }
// clang-format off: macros without semicolons
OPERATION(0)
OPERATION(1)
OPERATION(2)
OPERATION(3)
OPERATION(4)
OPERATION(5)
OPERATION(6)
OPERATION(7)
OPERATION(8)
OPERATION(9)
// clang-format on

static const Operation kOperations[] = {operation_0, operation_1, operation_2, operation_3,
                                        operation_4, operation_5, operation_6, operation_7,
                                        operation_8, operation_9};

static int apply(Operation operation, int x) {
  return operation(x) & 0xffff;
}

struct Shape {
  int (*const* table)(const struct Shape*);
  int size;
};
static int area(const struct Shape* s) {
  return s->size * s->size;
}
static int perimeter(const struct Shape* s) {
  return 4 * s->size;
}
static int triple(const struct Shape* s) {
  return 3 * s->size;
}
static int (*const kSquare[])(const struct Shape*) = {area, perimeter};
static int (*const kTriangle[])(const struct Shape*) = {perimeter, triple};

static int ascending(int a, int b) {
  return a < b;
}
static int descending(int a, int b) {
  return a > b;
}
static void sort(int* values, int count, int (*before)(int, int)) {
  for (int i = 1; i < count; ++i) {
    for (int j = i; j > 0 && before(values[j], values[j - 1]); --j) {
      int t = values[j];
      values[j] = values[j - 1];
      values[j - 1] = t;
    }
  }
}

static int run(void) {
  int x = 1;
  for (int i = 0; i < 20; ++i) x = apply(kOperations[3], x);
  for (int i = 0; i < 20; ++i) x = apply(kOperations[i & 1], x);
  for (int i = 0; i < 50; ++i) x = apply(kOperations[(i * 7) % 10], x);
  const struct Shape shapes[] = {{kSquare, 2}, {kTriangle, 5}, {kSquare, 7}};
  int sum = 0;
  for (int i = 0; i < 12; ++i) sum += shapes[i % 3].table[i & 1](&shapes[i % 3]);
  int values[] = {5, 3, 9, 1, 7, 2};
  sort(values, 6, ascending);
  if (values[0] != 1 || values[5] != 9) return 1;
  sort(values, 6, descending);
  if (values[0] != 9 || values[5] != 1) return 2;
  return sum == 248 && x != 0 ? 0 : 3;
}
