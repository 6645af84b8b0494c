// Makes what no two runs of a program share equal, before its first instruction.
#pragma once

#include <elf.h>

#include "tools/master_stepper/task.h"

namespace tiptoe::master {

// The bytes that the kernel draws for AT_RANDOM become zero; the vdso, whose functions read clocks,
// is hidden. `rsp`: the program's, at its first instruction.
inline void settle_start_state(const Task& task, u64 rsp) {
  u64 at = rsp + 8 * (task.read_word(rsp) + 2);  // behind argc, argv and its null
  while (task.read_word(at) != 0) at += 8;       // the environment
  for (at += 8; task.read_word(at) != AT_NULL; at += 16) {
    const u64 kind = task.read_word(at), value = task.read_word(at + 8);
    const u64 zeros[2] = {}, ignore = AT_IGNORE;
    if (kind == AT_RANDOM) task.write(value, zeros, sizeof zeros);
    if (kind == AT_SYSINFO_EHDR) task.write(at, &ignore, sizeof ignore);
  }
}

}  // namespace tiptoe::master
