#include "record/exec_service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <vector>

#include "inject/launch.h"
#include "inject/process_facts.h"
#include "inject/tracee.h"
#include "inject/unique_fd.h"
#include "record/futex.h"

namespace tiptoe::record {
namespace {

constexpr unsigned long kAttachOptions = PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD;

static_assert(sizeof(RequestState) == sizeof(u32));

RequestState state_of(const Request& request) {
  return std::atomic_ref(const_cast<RequestState&>(request.state)).load();
}

// A path in a process' memory, cut at 4096 bytes; empty when unreadable.
std::string read_path(pid_t tid, u64 address) {
  const std::string memory = "/proc/" + std::to_string(tid) + "/mem";
  UniqueFd fd(open(memory.c_str(), O_RDONLY | O_CLOEXEC));
  std::string path;
  char byte = 0;
  while (fd && path.size() < 4096 &&
         pread(fd.get(), &byte, 1, static_cast<off_t>(address + path.size())) == 1 && byte) {
    path += byte;
  }
  return path;
}

// The file that a process means by a path, as we can reach it.
std::string seen_from_here(pid_t tid, const std::string& path) {
  const std::string process = "/proc/" + std::to_string(tid);
  return process + (path.starts_with('/') ? "/root" : "/cwd/") + path;
}

// Who attaches to a stopped thread makes of its stop one of its own. It asks again when it goes on.
bool is_stopped(pid_t tid) {
  const auto state = inject::status_field(tid, "State");
  return state && state->starts_with('T');
}

// Whether a thread stopped before we attached, now that we have: then its report is there at once.
// A signal's report is left for the loop.
bool was_stopped(pid_t tid) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(tid), &info, WSTOPPED | WNOHANG | WNOWAIT | __WALL) == 0 &&
         info.si_pid == tid &&
         inject::classify_stop(info.si_status << 8 | 0x7f) == inject::StopKind::kGroupStop;
}

// "NAME (process N) debugs it", when somebody does.
std::optional<std::string> other_tracer(pid_t tid) {
  const pid_t tracer = std::atoi(inject::status_field(tid, "TracerPid").value_or("0").c_str());
  if (tracer == 0) return std::nullopt;
  std::string name = inject::read_proc_file(tracer, "comm").value_or("another program");
  if (name.ends_with('\n')) name.pop_back();
  return name + " (process " + std::to_string(tracer) + ") debugs it";
}

}  // namespace

void ExecService::watch(u32 image, inject::SegmentMapping control,
                        const SegmentIdentity& identity) {
  images_.emplace(image, Watched{std::move(control), identity});
}

void ExecService::forget(u32 image) {
  images_.erase(image);
}

void ExecService::answer_requests() {
  for (const auto& [image, watched] : images_) {
    for (u32 slot = 0; slot < kRequestSlots; ++slot) answer(image, watched, slot);
  }
}

void ExecService::answer(u32 image, const Watched& watched, u32 slot) {
  switch (state_of(watched.control.control().requests[slot])) {
    case RequestState::kExecPosted:
      set_state(image, slot, attach(image, watched, slot));
      break;
    case RequestState::kExecFailed:
      interrupt(image, slot);
      break;
    default:
      break;
  }
}

// The request's next state.
RequestState ExecService::attach(u32 image, const Watched& watched, u32 slot) {
  if (refusing_) return RequestState::kExecRefused;
  const Request& request = watched.control.control().requests[slot];
  const std::optional<pid_t> tid = find_thread(request.tid, watched.identity);
  if (!tid) return RequestState::kExecRefused;
  const std::string path = read_path(*tid, request.path_address);
  if (!path.empty() && inject::gains_privileges(seen_from_here(*tid, path))) {
    notice_(path + " is not traced: it gains privileges, which a traced program does not get");
    return RequestState::kExecRefused;
  }
  if (is_stopped(*tid)) return RequestState::kExecPosted;
  if (ptrace(PTRACE_SEIZE, *tid, 0, kAttachOptions) != 0) {
    const int error = errno;
    notice_("process " + std::to_string(*tid) + " runs untraced from " + path +
            " on: " + other_tracer(*tid).value_or(std::string("ptrace: ") + strerror(error)));
    return RequestState::kExecRefused;
  }
  if (was_stopped(*tid)) {
    ptrace(PTRACE_DETACH, *tid, 0, 0);
    return RequestState::kExecPosted;
  }
  attached_[*tid] = {image, slot, request.process, request.foreign_filter != 0, false, false};
  return RequestState::kExecReady;
}

void ExecService::interrupt(u32 image, u32 slot) {
  for (auto& [tid, attached] : attached_) {
    if (attached.image != image || attached.slot != slot) continue;
    if (!attached.failed) ptrace(PTRACE_INTERRUPT, tid, 0, 0);
    attached.failed = true;
    return;
  }
  set_state(image, slot, RequestState::kIdle);  // it is not attached any more
}

void ExecService::set_state(u32 image, u32 slot, RequestState state) {
  const auto watched = images_.find(image);
  if (watched == images_.end()) return;
  Request& request = watched->second.control.control().requests[slot];
  std::atomic_ref(request.state).store(state);
  futex_wake_all(static_cast<const void*>(&request.state));
}

bool ExecService::on_report(pid_t pid, int wait_status) {
  const inject::StopKind kind = inject::classify_stop(wait_status);
  if (kind == inject::StopKind::kExec) {
    on_exec(pid);
    return true;
  }
  const auto found = attached_.find(pid);
  if (found == attached_.end()) return false;
  if (kind == inject::StopKind::kEnded) {
    set_state(found->second.image, found->second.slot, RequestState::kIdle);
    attached_.erase(found);
    return false;  // the end itself may be somebody's business: the main program's
  }
  if (found->second.failed) {
    on_failed_exec_stop(pid, wait_status);
  } else {
    on_stop_before_exec(pid, wait_status);
  }
  return true;
}

// execve by a thread that is not the leader takes the leader's id over; the kernel tells the old
// one.
void ExecService::on_exec(pid_t pid) {
  unsigned long former = 0;
  ptrace(PTRACE_GETEVENTMSG, pid, 0, &former);
  auto found = attached_.find(static_cast<pid_t>(former));
  if (found == attached_.end()) found = attached_.find(pid);
  if (found == attached_.end()) {
    ptrace(PTRACE_DETACH, pid, 0, 0);
    return;
  }
  const Attached from = found->second;
  attached_.erase(found);
  set_state(from.image, from.slot, RequestState::kIdle);
  if (from.stop_deferred) inject::stop_again(pid);
  at_exec_(pid, from);
}

// SIGSTOP waits until we detach, so that its parent is told when the thread is in a stop that is
// not ours. What else may stop it goes its way: it could be handled.
void ExecService::on_stop_before_exec(pid_t tid, int wait_status) {
  const bool is_signal = inject::classify_stop(wait_status) == inject::StopKind::kSignal;
  Attached& attached = attached_[tid];
  if (is_signal && WSTOPSIG(wait_status) == SIGCONT) attached.stop_deferred = false;
  if (is_signal && WSTOPSIG(wait_status) == SIGSTOP) {
    attached.stop_deferred = true;
    ptrace(PTRACE_CONT, tid, 0, 0);
  } else {
    inject::resume(tid, wait_status);
  }
}

void ExecService::on_failed_exec_stop(pid_t tid, int wait_status) {
  const int signal =
      inject::classify_stop(wait_status) == inject::StopKind::kSignal ? WSTOPSIG(wait_status) : 0;
  const Attached attached = attached_[tid];
  if (attached.stop_deferred && signal != SIGCONT) inject::stop_again(tid);
  ptrace(PTRACE_DETACH, tid, 0, signal);
  attached_.erase(tid);
  set_state(attached.image, attached.slot, RequestState::kIdle);
}

}  // namespace tiptoe::record
