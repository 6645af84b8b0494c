// Follows execve in traced processes: attaches for the exec alone and injects into the new image.
//
// The protocol is bridge/shared_memory.h's Request. Everything here is driven by events (a
// doorbell, a wait status) and nothing waits for a traced process, so that one that never calls its
// execve, is stopped, or dies holds up nobody else. One thread only: ptrace belongs to the thread
// that attached.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>

#include "base/types.h"
#include "inject/segment.h"
#include "record/process_ids.h"

namespace tiptoe::record {

class ExecService {
 public:
  struct Attached {
    u32 image;
    u32 slot;
    u32 process;          // its number in the image
    bool foreign_filter;  // see Request
    bool failed;          // execve failed: detach at the next stop
    bool stop_deferred;   // SIGSTOP came: it takes effect when we detach
  };
  // What to do with a process at PTRACE_EVENT_EXEC: must detach it, with or without the runtime.
  using AtExec = std::function<void(pid_t pid, const Attached& from)>;
  using Notice = std::function<void(const std::string&)>;

  ExecService(AtExec at_exec, Notice notice)
      : at_exec_(std::move(at_exec)), notice_(std::move(notice)) {}

  void watch(u32 image, inject::SegmentMapping control, const SegmentIdentity& identity);
  void forget(u32 image);
  // No request is granted any more: the recorder is gone.
  void refuse_all() { refusing_ = true; }

  // Answers what was posted in any image.
  void answer_requests();
  // A wait status. False when the thread is not attached (and the status is somebody else's).
  bool on_report(pid_t pid, int wait_status);

  bool idle() const { return attached_.empty(); }

 private:
  struct Watched {
    inject::SegmentMapping control;
    SegmentIdentity identity;
  };

  void answer(u32 image, const Watched& watched, u32 slot);
  RequestState attach(u32 image, const Watched& watched, u32 slot);
  void interrupt(u32 image, u32 slot);
  void set_state(u32 image, u32 slot, RequestState state);
  void on_exec(pid_t pid);
  void on_stop_before_exec(pid_t tid, int wait_status);
  void on_failed_exec_stop(pid_t tid, int wait_status);

  AtExec at_exec_;
  Notice notice_;
  bool refusing_ = false;
  std::map<u32, Watched> images_;
  std::map<pid_t, Attached> attached_;  // by thread
};

}  // namespace tiptoe::record
