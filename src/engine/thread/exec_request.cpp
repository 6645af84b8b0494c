#include "engine/thread/exec_request.h"

#include "engine/context/gate.h"
#include "engine/thread/own_limits.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

u32* word(Request& request) {
  return reinterpret_cast<u32*>(&request.state);
}
RequestState state_of(Request& request) {
  return RequestState{__atomic_load_n(word(request), __ATOMIC_ACQUIRE)};
}
void set_state(Request& request, RequestState state) {
  __atomic_store_n(word(request), static_cast<u32>(state), __ATOMIC_RELEASE);
}

// Rings before each wait: the recorder answers no thread that it finds stopped, and is not told
// when the thread goes on.
void wait_while(const EventMemory& events, Request& request, RequestState state) {
  while (state_of(request) == state && events.recorder_alive()) {
    events.ring_doorbell();
    events.wait_for_change(word(request), static_cast<u32>(state));
  }
}

Request* claim(const EventMemory& events) {
  while (events.recorder_alive()) {
    for (Request& request : events.control()->requests) {
      u32 idle = static_cast<u32>(RequestState::kIdle);
      if (__atomic_compare_exchange_n(word(request), &idle,
                                      static_cast<u32>(RequestState::kClaimed), false,
                                      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        return &request;
      }
    }
    sys::call(__NR_sched_yield);
  }
  return nullptr;
}

// Whose limits are its own already: those of the process whose memory it shares are not its.
bool is_vfork_child(const ThreadState& thread) {
  return thread.clone_kind.is_vfork && thread.clone_kind.shares_memory;
}

}  // namespace

void prepare_exec(Core& core, ThreadState& thread, u64 path) {
  const EventMemory& events = core.events;
  if (thread.silent == 0) {
    if (Request* request = claim(events)) {
      request->pid = static_cast<i32>(sys::call(__NR_getpid));
      request->tid = static_cast<i32>(sys::call(__NR_gettid));
      request->process = thread.process;
      request->path_address = path;
      request->foreign_filter = core.foreign_filter;
      set_state(*request, RequestState::kExecPosted);
      wait_while(events, *request, RequestState::kExecPosted);
      if (state_of(*request) == RequestState::kExecRefused) {
        set_state(*request, RequestState::kIdle);  // nobody will when the new image is there
      } else {
        thread.exec_request = request;
      }
    }
  }
  thread.exec_prepared = 1;
  restore_ignored_actions(*thread.signals);
  if (!is_vfork_child(thread)) restore_own_limits(core);
  thread.exact_mask = 1;
  tiptoe_set_mask(&thread.app_mask);
  if (thread.pending == 0) give_back_faults(thread, thread.app_mask);
}

void withdraw_exec(Core& core, ThreadState& thread) {
  if (thread.exec_prepared == 0) return;
  thread.exec_prepared = 0;
  retake_actions(*thread.signals);
  if (!is_vfork_child(thread)) retake_own_limits(core);
  apply_app_mask(thread);
  Request* request = thread.exec_request;
  thread.exec_request = nullptr;
  if (request == nullptr) return;
  if (state_of(*request) == RequestState::kExecReady) {
    set_state(*request, RequestState::kExecFailed);
    wait_while(core.events, *request, RequestState::kExecFailed);
  } else {
    set_state(*request, RequestState::kIdle);
  }
}

}  // namespace tiptoe::engine
