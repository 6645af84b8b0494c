// Anonymous memory for the runtime itself, taken where programs do not ask for any.
#pragma once

#include "base/types.h"

namespace tiptoe::sys {

// The runtime has one search position for all its own mappings: they go down from there, each at
// the first free place, so that the kernel's own choice of addresses for the program is left as it
// is. Set once, before the first call. Threads may map at the same time: the kernel never gives one
// place twice, and the position is only where to look next.
void set_private_area(u64 top);

// Keeps [start, end) free of the runtime's mappings: the room into which the program's stack may
// grow.
void set_reserved_area(u64 start, u64 end);

// What was mapped here so far.
struct Mapped {
  u64 bytes;
  u64 writable_bytes;
};
Mapped mapped();

// Whom to ask, once, when a limit leaves no room for so many bytes; then it is tried again.
void set_make_room(bool (*make_room)(u64 bytes));

// Maps `bytes` (a multiple of the page size) of zeroed memory with protection `prot`, without
// reserving swap. Returns 0 when the kernel has no more.
u64 map_private(u64 bytes, int prot);

// Maps at exactly `address` and nowhere else. Returns false when something is there already.
bool map_private_at(u64 address, u64 bytes, int prot);

// Memory of ours that was not mapped here.
void claim_own(u64 start, u64 bytes);

// A mapping of ours.
struct OwnMapping {
  u64 start = 0;
  u64 end = 0;
};
// The lowest of our mappings with a byte in [start, end); {} when there is none. Takes time for
// each mapping that we have.
OwnMapping find_own(u64 start, u64 end);

}  // namespace tiptoe::sys
