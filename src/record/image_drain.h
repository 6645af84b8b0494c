// Takes what the processes of one image recorded out of its segment and into the trace file.
//
// What stands in the segment is written by a program that may be damaged or hostile: nothing read
// from it is trusted beyond what would make the trace wrong (sizes and indices are checked).
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/types.h"
#include "bridge/definitions.h"
#include "bridge/shared_memory.h"
#include "inject/segment.h"
#include "inject/unique_fd.h"
#include "record/number_set.h"
#include "record/process_ids.h"
#include "trace/writer.h"

namespace tiptoe::record {

constexpr u32 kRootProcess = 1;  // the number of the process that runs the image

struct DrainTotals {
  u64 flow_words = 0;
  u64 dropped_words = 0;
  u32 threads = 0;
  u32 processes = 0;
  DrainTotals& operator+=(const DrainTotals& other);
};

class ImageDrain {
 public:
  // `writer`: null when nothing is recorded. `root`: the process that runs the image.
  ImageDrain(u32 number, UniqueFd segment, inject::SegmentMapping mapping, u32 chunk_count,
             pid_t root, trace::Writer* writer);

  u32 number() const { return number_; }
  const inject::SegmentMapping& mapping() const { return mapping_; }
  ControlPage& control() const { return mapping_.control(); }

  // One pass over everything that can be taken now.
  void drain();
  // That process runs the image no longer: it exited, or became another image.
  void on_process_gone(u32 process);
  // An execve of a thread of `pid`, which gave this number. (A vfork child that execs leaves the
  // process alone whose memory, and perhaps number, it shares.)
  void on_exec(u32 process, pid_t pid);
  // Looks at the processes' pidfds.
  void find_dead_processes();
  // pidfds that were opened since the last call (still owned here).
  std::vector<int> new_pidfds();

  // No process runs the image any more.
  bool is_done() const;
  // Takes the last, sealed or not. Nothing may be drained afterwards.
  void finish();
  // The program shall not wait for us any more: it drops what it records from now on.
  void stop();
  // Says to whoever still runs what a dead recorder's lock would say.
  void abandon();

  DrainTotals totals() const;

  // Processes that ended, and whose wait status is not known yet: their parents may still wait.
  struct EndedProcess {
    u32 process;
    pid_t pid;
    UniqueFd pidfd;
  };
  std::vector<EndedProcess> take_ended() { return std::move(ended_); }
  // Writes those wait statuses that are known, and forgets them.
  static void write_ends(trace::Writer* writer, u32 image, std::vector<EndedProcess>& ended);

 private:
  ChunkState state_of(u32 index) const;
  std::vector<u32> chunks_in(ChunkState state, ChunkKind kind) const;
  void watch_process(u32 process, std::optional<pid_t> pid);
  void drain_definitions();
  void drain_definitions_of(u32 index);
  void on_definition(DefinitionKind kind, std::span<const u8> payload);
  void on_process(const ProcessDefinition& process);
  void on_module(const ModuleDefinition& module, std::string path);
  void drain_flow();
  bool is_next(const ChunkDescriptor& descriptor) const;
  void write_flow(u32 index, std::span<const u32> words);
  std::span<const u32> sealed_words(u32 index) const;
  bool watch(u32 number, pid_t pid);  // false when it is gone
  void adopt_strays();
  void forget_stray(pid_t pid);
  void take_unsealed_of(u32 process);
  void write_unsealed(u32 index);
  void push_free(u32 index);
  void release_sealed(u32 index);
  void release_unsealed(u32 index);

  u32 number_;
  UniqueFd segment_;
  SegmentIdentity identity_;
  inject::SegmentMapping mapping_;
  u32 chunk_count_;
  trace::Writer* writer_;
  u64 flow_words_ = 0;
  u64 unwritten_words_ = 0;  // taken from the program, and lost to a full disk
  pid_t root_;
  u32 threads_ = 0;
  u32 processes_ = 0;
  struct OpenStream {
    u32 process;
    u32 next_sequence;
  };
  std::map<u32, OpenStream> streams_;  // by number, those that may go on
  std::vector<u32> ended_streams_;     // whose last chunk was sealed before their end was read
  std::map<u32, u32> drained_bytes_;   // of each definition chunk
  struct LiveProcess {
    pid_t pid;
    UniqueFd pidfd;
  };
  std::map<u32, LiveProcess> alive_;  // by number
  std::vector<u32> dead_on_arrival_;  // gone before their definition was read
  NumberSet gone_;
  std::vector<EndedProcess> ended_;
  u32 next_stray_ = ~u32{0};  // numbers for processes that have none of their own
  bool nobody_left_ = false;  // no process of the machine has the image
  std::vector<int> new_pidfds_;
  std::set<std::string> known_modules_;
};

}  // namespace tiptoe::record
