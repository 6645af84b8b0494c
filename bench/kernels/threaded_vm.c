// An interpreter with threaded code: every handler ends with its own indirect jump.
#include "kernel.h"

NOINLINE static uint64_t interpret(const uint8_t* code, uint64_t rounds) {
  static const void* const kHandlers[] = {&&add,   &&xor, &&shift, &&load,
                                          &&store, &&mul, &&swap,  &&decrement};
  uint64_t a = 1, b = 2, memory[16] = {0};
  const uint8_t* pc = code;
#define NEXT              \
  do {                    \
    pc += 2;              \
    goto* kHandlers[*pc]; \
  } while (0)
  goto* kHandlers[*pc];
add:
  a += b + pc[1];
  NEXT;
  xor : a ^= b << (pc[1] & 7);
  NEXT;
shift:
  b = (a >> (pc[1] & 15)) | 1;
  NEXT;
load:
  a += memory[pc[1] & 15];
  NEXT;
store:
  memory[pc[1] & 15] = a;
  NEXT;
mul:
  a *= 2 * (uint64_t)pc[1] + 1;
  NEXT;
swap : {
  const uint64_t t = a;
  a = b;
  b = t;
  NEXT;
}
decrement:
  if (--rounds == 0) return a ^ b;
  pc = code;
  goto* kHandlers[*pc];
}

int main(int argc, char** argv) {
  enum { kLength = 300 };
  static uint8_t code[2 * kLength + 2];
  uint64_t random = 3;
  for (int i = 0; i < kLength; ++i) {
    code[2 * i] = (uint8_t)(next_random(&random) % 7);
    code[2 * i + 1] = (uint8_t)next_random(&random);
  }
  code[2 * kLength] = 7;
  return report(interpret(code, work(argc, argv, 3e6)));
}
