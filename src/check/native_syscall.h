// What the native twin does for a system call that the program has made.
//
// The program makes all of them. The twin makes none but those that shape its address space, with
// the addresses that the program got; for others it takes the program's result, and all memory that
// the call has changed.
#pragma once

#include <string>

#include "check/twin.h"

namespace tiptoe::check {

struct SystemCall {
  u64 number = 0;
  std::array<u64, 6> arguments{};
};

// The one that the twin stands before.
SystemCall pending_call(const Registers& registers);

// Why the check cannot go on beyond this call; empty when it can.
std::string reason_to_end(const ProcessMemory& program, const SystemCall& call);

// Brings the twin, which stands before `call`, behind it, as the program is with `result`.
void follow_call(Twin& twin, const ProcessMemory& program, const SystemCall& call, i64 result);

}  // namespace tiptoe::check
