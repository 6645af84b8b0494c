// An interpreter that dispatches by one switch: one indirect jump with many targets.
#include "kernel.h"

enum { kAdd, kXor, kShift, kLoad, kStore, kDecrement, kJumpIf, kMul, kSwap, kCount };

NOINLINE static uint64_t interpret(const uint8_t* code, uint64_t rounds) {
  uint64_t a = 1, b = 2, memory[16] = {0};
  for (uint64_t pc = 0;;) {
    const uint8_t operand = code[pc + 1];
    switch (code[pc]) {
      case kAdd:
        a += b + operand;
        break;
      case kXor:
        a ^= b << (operand & 7);
        break;
      case kShift:
        b = (a >> (operand & 15)) | 1;
        break;
      case kLoad:
        a += memory[operand & 15];
        break;
      case kStore:
        memory[operand & 15] = a;
        break;
      case kDecrement:
        if (--rounds == 0) return a ^ b;
        break;
      case kJumpIf:
        if (a & 1) pc += 2;
        break;
      case kMul:
        a *= 2 * (uint64_t)operand + 1;
        break;
      case kSwap: {
        const uint64_t t = a;
        a = b;
        b = t;
        break;
      }
      case kCount:
        pc = 0;
        continue;
    }
    pc += 2;
  }
}

int main(int argc, char** argv) {
  enum { kLength = 300 };
  static uint8_t code[2 * kLength + 4];
  uint64_t random = 3;
  for (int i = 0; i < kLength; ++i) {
    code[2 * i] = (uint8_t)(next_random(&random) % kCount);
    if (code[2 * i] == kDecrement) code[2 * i] = kAdd;
    code[2 * i + 1] = (uint8_t)next_random(&random);
  }
  code[2 * kLength - 4] = kAdd;  // no jump over what follows
  code[2 * kLength - 2] = kDecrement;
  code[2 * kLength] = kCount;
  return report(interpret(code, work(argc, argv, 1e6)));
}
