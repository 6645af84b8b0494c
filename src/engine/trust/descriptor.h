// What a descriptor of the program's means for its code: which file a mapping is of, and whether
// somebody can change that file, or memory itself, through it.
#pragma once

#include <span>

#include "engine/trust/address_space.h"

namespace tiptoe::engine {

// The file; {} when it is not a regular one.
FileId file_of(i32 fd);

// Whether what is mapped from the file can be changed by writing through this descriptor.
bool can_write_file(i32 fd);

// Whether it is /proc/PID/mem, by any name, of a process that shares our memory.
bool is_own_memory(i32 fd);

// The name of the file as /proc/self/fd has it, without a terminating zero. Empty when it cannot be
// had.
std::span<const char> name_of(i32 fd, std::span<char> buffer);

}  // namespace tiptoe::engine
