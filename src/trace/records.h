// What a trace file tells besides flow words and definition records: the session, its images, the
// files behind its modules, the ends of its processes, and how the recording itself ended.
#pragma once

#include <string>
#include <vector>

#include "base/types.h"

namespace tiptoe::trace {

// What was recorded of the program's steps.
enum class RecordMode : u32 {
  kFlow = 0,      // the complete control flow
  kCoverage = 1,  // which instructions were executed: the blocks that are defined
};

// Once per file, first.
struct SessionInfo {
  std::vector<std::string> argv;  // the program and its arguments, as given to tiptoe
  std::string cwd;
  u64 start_ns = 0;     // CLOCK_REALTIME at the start
  u64 start_tsc = 0;    // the time stamp counter at the same moment
  u64 tsc_hz = 0;       // 0 when unknown
  std::string version;  // of tiptoe
  std::string machine;  // processor model
  RecordMode mode = RecordMode::kFlow;
};

// The file behind a module, as it was while the program ran. Readers compare it with the file of
// that path on their machine before they trust its symbols.
struct ModuleIdentity {
  std::string path;
  u64 device = 0;
  u64 inode = 0;
  i64 mtime_ns = 0;
  u64 bytes = 0;
  std::vector<u8> build_id;  // empty when the file has none
};

// Once per image (successful execve of a followed process).
struct ImageInfo {
  std::string path;  // the executed file
  std::vector<std::string> argv;
  u64 tsc = 0;
  std::vector<ModuleIdentity> modules;  // what the recorder knows already, may be empty
};

struct ProcessEnd {
  i32 pid = 0;
  i32 wait_status = 0;  // as from waitpid
};

enum class EndReason : u32 {
  kProgramEnded = 1,  // every followed process is gone
  kStopped = 2,       // the recording was ended on request while the program ran on
  kDiskFull = 3,      // no space, quota or file size limit; the program ran on
  kWriteFailed = 4,   // the file could not be written for another reason
};

// What the recorder knows at the end. (Words, sections and bytes are counted by the writer itself.)
struct SessionTotals {
  u64 dropped_words = 0;  // flow words that were lost, see ControlPage::dropped_words
  u32 processes = 0;
  u32 threads = 0;
  u32 images = 0;
  i32 wait_status = 0;  // of the program itself
};

}  // namespace tiptoe::trace
