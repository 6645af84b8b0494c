// The process that starts the program, is its parent, and does all ptrace work.
//
// It is a process of its own, a child of the recorder, so that a recorder that is killed at any
// moment leaves no program behind half injected: the warden finishes, or detaches, and goes on as a
// parent that does nothing but wait. It stays out of the program's way: no signal of the terminal
// touches it, and it keeps none of the descriptors that it inherited.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/types.h"
#include "inject/inject.h"
#include "inject/launch.h"
#include "inject/runtime_image.h"

namespace tiptoe::record {

struct WardenOptions {
  inject::Command command;
  inject::InjectOptions inject;
  inject::InheritedState inherited;
  bool gains_privileges = false;  // the program must run untraced
};

// Runs the warden in the calling process, which must be single-threaded; returns its exit status.
// `socket`: to the recorder, see warden_messages.h.
int run_warden(const WardenOptions& options, const inject::RuntimeImage& image, int socket);

}  // namespace tiptoe::record
