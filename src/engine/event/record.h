// The instructions that append one exit id to the thread's flow stream.
#pragma once

#include "engine/cache/code_cache.h"
#include "engine/context/cursor_register.h"

namespace tiptoe::engine {

// Two instructions, no flags, no scratch: the cursor lives in a register that recording has stolen
// from the program. The store may hit the guard page behind the chunk; the handler then maps
// another chunk and the store is executed again. Until the second instruction is done nothing has
// been recorded, so both are in the state that the caller has marked; the caller marks the next
// state.
inline void emit_record(x86::Emitter& emit, u32 exit_id) {
  emit.mov_mem32_imm32(kCursorRegister, 0, exit_id);
  emit.lea(kCursorRegister, kCursorRegister, 4);
}

}  // namespace tiptoe::engine
