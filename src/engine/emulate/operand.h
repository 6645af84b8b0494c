// Operands of an emulated instruction: where they are, and access to them.
#pragma once

#include "engine/context/safe_copy.h"
#include "engine/emulate/emulate.h"

namespace tiptoe::engine {

// The address of the ModRM memory operand, segment base included.
u64 operand_address(const Emulation& e);

// Reads or writes `bytes` of the program's memory. False when that must fault.
inline bool read_app(u64 address, void* to, u64 bytes) {
  return safe_copy(to, reinterpret_cast<const void*>(address), bytes) == 0;
}
inline bool write_app(u64 address, const void* from, u64 bytes) {
  return safe_copy(reinterpret_cast<void*>(address), from, bytes) == 0;
}

// Register `number`: 8 bytes replace it, 4 clear its upper half, 2 leave the rest as it is.
void set_gpr(Context& context, unsigned number, u64 value, unsigned bytes);

// The program's fs base.
u64 fs_base(const Core& core);

}  // namespace tiptoe::engine
