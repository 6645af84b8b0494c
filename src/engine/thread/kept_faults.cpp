#include "engine/thread/kept_faults.h"

#include <asm/resource.h>

#include "base/memory.h"
#include "engine/thread/signal_table.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

constexpr int kKinds[kFaultKinds] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};

enum : u32 { kFree = 0, kBusy = 1, kKept = 2 };

unsigned kind_of(int signal) {
  unsigned kind = 0;
  while (kKinds[kind] != signal) ++kind;
  return kind;
}

bool move_on(u32& state, u32 from, u32 to) {
  return __atomic_compare_exchange_n(&state, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

bool is_thread_directed(const siginfo_t& info) {
  return info.si_code == SI_TKILL;
}

// Beyond RLIMIT_SIGPENDING the kernel forgets what comes with a signal that a process sends. This
// one was queued already, and counted: for the moment the limit is what the program may raise it
// to.
template <typename Send>
void with_room_for(const siginfo_t& info, Send send) {
  struct {
    u64 soft, hard;
  } limit{};
  if (info.si_code < 0) sys::call(__NR_prlimit64, 0, RLIMIT_SIGPENDING, 0, &limit);
  const bool raises = limit.soft < limit.hard;
  auto raised = limit;
  raised.soft = raised.hard;
  if (raises) sys::call(__NR_prlimit64, 0, RLIMIT_SIGPENDING, &raised, 0);
  send();
  if (raises) sys::call(__NR_prlimit64, 0, RLIMIT_SIGPENDING, &limit, 0);
}

void give_back(KeptSignals& kept, sys::SignalSet signals, void (*send)(const siginfo_t&)) {
  for (unsigned kind = 0; kind < kFaultKinds; ++kind) {
    if ((signals & sys::signal_bit(kKinds[kind])) == 0) continue;
    if (!move_on(kept.state[kind], kKept, kBusy)) continue;
    siginfo_t info;
    memcpy(&info, kept.info[kind], sizeof info);
    // Free before it is sent: it may come back at once.
    __atomic_store_n(&kept.state[kind], u32{kFree}, __ATOMIC_RELEASE);
    send(info);
  }
}

}  // namespace

void send_to_this_thread(const siginfo_t& info) {
  with_room_for(info, [&] {
    sys::call(__NR_rt_tgsigqueueinfo, sys::call(__NR_getpid), sys::call(__NR_gettid), info.si_signo,
              &info);
  });
}

// Named by the thread's number: by the process's, the kernel lets only its first thread forge.
void send_to_this_process(const siginfo_t& info) {
  with_room_for(
      info, [&] { sys::call(__NR_rt_sigqueueinfo, sys::call(__NR_gettid), info.si_signo, &info); });
}

void keep_fault(ThreadState& thread, const siginfo_t& info) {
  const unsigned kind = kind_of(info.si_signo);
  KeptSignals& kept = is_thread_directed(info) ? thread.kept_faults : thread.signals->kept_faults;
  if (!move_on(kept.state[kind], kFree, kBusy)) return;
  memcpy(kept.info[kind], &info, sizeof info);
  __atomic_store_n(&kept.state[kind], u32{kKept}, __ATOMIC_RELEASE);
}

void give_back_faults(ThreadState& thread, sys::SignalSet signals) {
  give_back(thread.kept_faults, signals, send_to_this_thread);
  give_back(thread.signals->kept_faults, signals, send_to_this_process);
}

bool keeps_fault(const ThreadState& thread, sys::SignalSet signals) {
  const auto keeps = [&](const KeptSignals& kept, unsigned kind) {
    return __atomic_load_n(&kept.state[kind], __ATOMIC_RELAXED) != kFree;
  };
  for (unsigned kind = 0; kind < kFaultKinds; ++kind) {
    if ((signals & sys::signal_bit(kKinds[kind])) == 0) continue;
    if (keeps(thread.kept_faults, kind) || keeps(thread.signals->kept_faults, kind)) return true;
  }
  return false;
}

void forget_kept_fault(ThreadState& thread, int signal) {
  const unsigned kind = kind_of(signal);
  move_on(thread.kept_faults.state[kind], kKept, kFree);
  move_on(thread.signals->kept_faults.state[kind], kKept, kFree);
}

void forget_kept_faults(KeptSignals& kept) {
  for (u32& state : kept.state) state = kFree;
}

}  // namespace tiptoe::engine
