// The register that recording steals from the program to hold the event cursor.
#pragma once

#include "arch/x86/registers.h"

namespace tiptoe::engine {

constexpr x86::Gpr kCursorRegister = x86::kR15;

}  // namespace tiptoe::engine
