// The oracle: the program natively, one instruction at a time.
#pragma once

#include <string>
#include <vector>

#include "tools/master_stepper/state.h"

namespace tiptoe::master {

Run run_natively(const std::vector<std::string>& command);

}  // namespace tiptoe::master
