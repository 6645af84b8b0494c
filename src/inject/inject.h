// Puts the runtime into a program that stands at the first instruction of a new image.
//
// Nothing of the program's own is written: registers, stack, auxiliary vector, file descriptors,
// signal mask and dispositions are afterwards as natively; only two anonymous-looking mappings are
// new (placement.h). The runtime starts in place of the program's first instruction and finds that
// instruction and the registers in its BootParams.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/types.h"
#include "bridge/boot.h"
#include "inject/runtime_image.h"
#include "inject/segment.h"
#include "inject/tracee.h"
#include "inject/unique_fd.h"
#include "trace/result.h"

namespace tiptoe::inject {

struct InjectOptions {
  SegmentOptions segment;
  u64 cache_bytes = kDefaultCacheBytes;
  i32 trust_threshold = -1;
  u32 boot_flags = 0;  // BootFlag; kBootReadImpliesExec is added where it holds
  u32 log_level = 0;
};

// A program with the runtime mapped and its shared memory made, stopped, not yet detached: the
// caller may first let the recorder take the memory.
struct Injected {
  Tracee tracee;
  UniqueFd segment;  // the memfd
  u32 chunk_count;   // may be fewer than asked for, under RLIMIT_AS
  u64 entry;         // where the thread must go: pass to tracee.give_back()
};

// Why a program cannot be traced by nature, before anything was done to it: a 32-bit program, one
// under a seccomp filter that would judge the runtime's calls. Nothing when it can.
// `foreign_filters`: there are some that do not exempt the call page; unknown at a first image.
std::optional<std::string> reason_not_to_inject(pid_t tid, std::optional<bool> foreign_filters);

// `tid` is stopped at PTRACE_EVENT_EXEC, was seized with PTRACE_O_TRACESYSGOOD, and nothing speaks
// against it. On an error the program has been detached and runs untraced, or is gone.
Expected<Injected> inject_at_exec(pid_t tid, const RuntimeImage& image,
                                  const InjectOptions& options);

}  // namespace tiptoe::inject
