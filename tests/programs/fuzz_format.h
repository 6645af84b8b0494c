// What the relocator's fuzz test and its runner (fuzz_runner.c) tell each other.
//
// Case file: FuzzHeader, then FuzzCase[case_count], the pool and the code, each at the offset that
// the header gives. Result file: FuzzResult[case_count * kFuzzStates], in the order of the cases;
// when one case alone is run, its kFuzzStates results each followed by a FuzzDump.
#pragma once

#include <stdint.h>

enum {
  kFuzzStates = 2,  // each block is run from this many states
  kFuzzWalls = 2,
  kFuzzNearBytes = 16384,  // memory within reach of the code
  kFuzzLowBytes = 8192,    // memory below 2 GiB
  kFuzzPoolBytes = 65536,  // contents of memory and vector registers are cut from the pool
  kFuzzXsaveBytes = 4096,
};

struct FuzzState {
  uint64_t gpr[16], rflags, fs_base, gs_base;
  uint64_t cut;  // where in the pool memory and vector registers begin; a multiple of 8
  uint32_t mxcsr;
  uint16_t fcw, unused;
};

struct FuzzCase {
  uint64_t pc;
  struct FuzzState state[kFuzzStates];
};

struct FuzzHeader {
  uint64_t case_count;
  uint64_t wall[kFuzzWalls][2];  // start, end of what is mapped PROT_NONE first
  uint64_t code_start, code_bytes;
  uint64_t code_writable;            // the code stays writable, so that blocks are compared
  uint64_t save;                     // a page within reach of the code for what the tails save
  uint64_t near_memory, low_memory;  // the scratch memory
  uint64_t cases_offset, pool_offset, code_offset;
};

// What the tail of a block leaves on the page at `save`. The tail jumps to `after`.
struct FuzzSave {
  uint64_t gpr[16];
  uint64_t after;
  uint64_t stack[8];  // for the push of the flags
};

struct FuzzResult {
  uint64_t done;
  int32_t signal, code;  // 0 when the tail was reached
  uint64_t address;      // si_addr
  uint64_t trap, error;  // trapno and err of the context
  uint64_t pc;
  uint64_t gpr[16], rflags, fs_base, gs_base;
  // Sums of: memory near and low, x87, mxcsr and xmm, and the XSAVE components 2, 5, 6, 7.
  uint64_t near_memory, low_memory, x87, mxcsr, xmm, component[4];
};

struct FuzzDump {
  uint8_t near_memory[kFuzzNearBytes], low_memory[kFuzzLowBytes], xsave[kFuzzXsaveBytes];
};
