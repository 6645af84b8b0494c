// Floating-point and vector registers in a signal frame: what a handler may have edited, and what a
// sigreturn loads.
#pragma once

#include <vector>

#include "check/process_memory.h"

namespace tiptoe::check {

// The image in the frame whose ucontext is at `context`, as far as the kernel loads it; empty when
// the frame has none.
std::vector<u8> vector_image(const ProcessMemory& memory, u64 context);

// `state`, as PTRACE_GETREGSET gives it, with the registers of the image in it.
std::vector<u8> with_image(std::vector<u8> state, std::span<const u8> image);

}  // namespace tiptoe::check
