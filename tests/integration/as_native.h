// The comparison that decides whether a program runs under Tiptoe as it runs natively.
#pragma once

#include "integration/child.h"

namespace tiptoe::test {

// `tiptoe VERB OPTIONS… --`, to stand in front of a program's command.
Command tiptoe(const std::string& verb, const Command& options = {});

Command joined(Command front, const Command& back);

// Standard output, standard error and exit status. Adds test failures where they differ.
void expect_as_native(const Outcome& native, const Outcome& traced);

}  // namespace tiptoe::test
