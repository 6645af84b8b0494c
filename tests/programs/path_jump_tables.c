// build: -nostdlib -static -ffreestanding -fno-inline -O2 -fjump-tables -fno-gcse
//
// A small interpreter twice: by a switch (a jump table) and by computed goto (a table of labels).
#include "path_c.h"

enum { kPush, kAdd, kSub, kMul, kDup, kSwap, kJumpIfNot, kJump, kHalt };

// p = 1; eight times: p = 2 * p - 3; then p * p. The stack holds (p, rounds to go).
static const signed char kCode[] = {kPush, 1,          kPush, 8,       // 0
                                    kDup,  kJumpIfNot, 21,             // 4: while rounds
                                    kSwap, kDup,       kAdd,           // 7: rounds 2p
                                    kPush, 3,          kSub,           // 10: rounds 2p-3
                                    kSwap, kPush,      1,     kSub,    // 13: 2p-3 rounds-1
                                    kJump, 4,          kHalt, kHalt,   // 17
                                    kAdd,  kDup,       kMul,  kHalt};  // 21

static int by_switch(const signed char* code, int limit) {
  int stack[16], top = -1, pc = 0;
  for (int steps = 0; steps < limit; ++steps) {
    switch (code[pc++]) {
      case kPush:
        stack[++top] = code[pc++];
        break;
      case kAdd:
        --top;
        stack[top] += stack[top + 1];
        break;
      case kSub:
        --top;
        stack[top] -= stack[top + 1];
        break;
      case kMul:
        --top;
        stack[top] *= stack[top + 1];
        break;
      case kDup:
        ++top;
        stack[top] = stack[top - 1];
        break;
      case kSwap: {
        int t = stack[top];
        stack[top] = stack[top - 1];
        stack[top - 1] = t;
      } break;
      case kJumpIfNot:
        pc = stack[top--] ? pc + 1 : code[pc];
        break;
      case kJump:
        pc = code[pc];
        break;
      case kHalt:
        return stack[top];
    }
  }
  return -1;
}

static int by_goto(const signed char* code) {
  static const void* const kLabels[] = {&&push, &&add,         &&sub,  &&mul, &&dup,
                                        &&swap, &&jump_if_not, &&jump, &&halt};
  int stack[16], top = -1, pc = 0;
#define NEXT goto* kLabels[(int)code[pc++]]
  NEXT;
push:
  stack[++top] = code[pc++];
  NEXT;
add:
  --top;
  stack[top] += stack[top + 1];
  NEXT;
sub:
  --top;
  stack[top] -= stack[top + 1];
  NEXT;
mul:
  --top;
  stack[top] *= stack[top + 1];
  NEXT;
dup:
  ++top;
  stack[top] = stack[top - 1];
  NEXT;
swap : {
  int t = stack[top];
  stack[top] = stack[top - 1];
  stack[top - 1] = t;
}
  NEXT;
jump_if_not:
  pc = stack[top--] ? pc + 1 : code[pc];
  NEXT;
jump:
  pc = code[pc];
  NEXT;
halt:
  return stack[top];
}

static int run(void) {
  if (by_switch(kCode, 1000) != 259081) return 1;
  if (by_goto(kCode) != 259081) return 2;
  return 0;
}
