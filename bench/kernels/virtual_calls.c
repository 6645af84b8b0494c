// Calls through tables of functions: objects of eight classes, in random order.
#include "kernel.h"

struct object {
  uint64_t (*const* methods)(struct object*, uint64_t);
  uint64_t value;
};

#define CLASS(n)                                                      \
  NOINLINE static uint64_t get_##n(struct object* self, uint64_t x) { \
    return (self->value += n) ^ x;                                    \
  }                                                                   \
  NOINLINE static uint64_t mix_##n(struct object* self, uint64_t x) { \
    return self->value * (2 * n + 1) + (x >> n);                      \
  }                                                                   \
  static uint64_t (*const methods_##n[])(struct object*, uint64_t) = {get_##n, mix_##n};

CLASS(0)
CLASS(1)
CLASS(2)
CLASS(3)
CLASS(4)
CLASS(5)
CLASS(6)
CLASS(7)

int main(int argc, char** argv) {
  static uint64_t (*const* const kClasses[])(struct object*, uint64_t) = {
      methods_0, methods_1, methods_2, methods_3, methods_4, methods_5, methods_6, methods_7};
  static struct object objects[256];
  uint64_t random = 5, x = 1;
  for (int i = 0; i < 256; ++i) {
    objects[i].methods = kClasses[next_random(&random) & 7];
    objects[i].value = next_random(&random);
  }
  for (uint64_t i = work(argc, argv, 8e5); i > 0; --i) {
    for (int k = 0; k < 256; ++k) {
      x = objects[k].methods[0](&objects[k], x);
      x += objects[k].methods[1](&objects[k], x);
    }
  }
  return report(x);
}
