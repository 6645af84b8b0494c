// What /proc and prlimit tell about a process that is about to be traced: its mappings, its
// auxiliary vector, its limits. Read once, while the process is stopped at its first instruction.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "trace/result.h"

namespace tiptoe::inject {

struct Mapping {
  u64 start = 0;
  u64 end = 0;
  int protection = 0;  // PROT_* bits
  bool is_shared = false;
  u64 file_offset = 0;
  u64 device = 0;  // as in struct stat
  u64 inode = 0;
  std::string path;  // or [stack], [vdso]...; empty: anonymous
};

struct ProcessFacts {
  std::vector<Mapping> mappings;  // by address
  std::map<u64, u64> auxv;        // AT_* -> value
  u64 stack_limit_bytes = 0;      // ~0 when unlimited
  u64 mmap_limit_bytes = 0;  // RLIMIT_AS or RLIMIT_DATA, which count what is mapped; ~0: no limit
  u64 personality = 0;

  // 0 when the vector has no such entry.
  u64 aux(u64 type) const;
  const Mapping* mapping_at(u64 address) const;
  const Mapping* mapping_named(std::string_view path) const;
};

Expected<ProcessFacts> read_process_facts(pid_t pid);

// The whole of /proc/PID/<name>; nothing when it cannot be read.
std::optional<std::string> read_proc_file(pid_t pid, std::string_view name);
// The value of a "Key:\tvalue" line of /proc/PID/status (leading blanks removed).
std::optional<std::string> status_field(pid_t pid, std::string_view key);
std::optional<std::vector<Mapping>> read_mappings(pid_t pid);

}  // namespace tiptoe::inject
