#include "engine/signal/altstack.h"

#include <asm/errno.h>

namespace tiptoe::engine {
namespace {

constexpr u32 kOnstack = 1;
constexpr u32 kDisable = 2;
constexpr u32 kAutodisarm = 1u << 31;
constexpr u64 kMinimumBytes = 2048;

bool is_autodisarm(const ThreadState& thread) {
  return (thread.altstack_flags & kAutodisarm) != 0;
}

u32 state_flags(const ThreadState& thread, u64 rsp) {
  if (thread.altstack_bytes == 0) return kDisable;
  return on_altstack(thread, rsp) ? kOnstack : 0;
}

stack_t with_flags(const ThreadState& thread, u32 flags) {
  stack_t stack{};
  stack.ss_sp = reinterpret_cast<void*>(thread.altstack_base);
  stack.ss_size = thread.altstack_bytes;
  stack.ss_flags = static_cast<int>(flags);
  return stack;
}

}  // namespace

bool lies_on_altstack(const ThreadState& thread, u64 at) {
  return at > thread.altstack_base && at - thread.altstack_base <= thread.altstack_bytes;
}

bool on_altstack(const ThreadState& thread, u64 rsp) {
  return !is_autodisarm(thread) && lies_on_altstack(thread, rsp);
}

bool may_enter_altstack(const ThreadState& thread, u64 rsp) {
  return state_flags(thread, rsp) == 0;
}

stack_t query_altstack(const ThreadState& thread, u64 rsp) {
  return with_flags(thread, state_flags(thread, rsp) | (thread.altstack_flags & kAutodisarm));
}

stack_t saved_altstack(const ThreadState& thread) {
  return with_flags(thread, thread.altstack_flags);
}

i64 change_altstack(ThreadState& thread, const stack_t& stack, u64 rsp) {
  if (on_altstack(thread, rsp)) return -EPERM;
  const u32 flags = static_cast<u32>(stack.ss_flags);
  const u32 mode = flags & ~kAutodisarm;
  if (mode != kDisable && mode != kOnstack && mode != 0) return -EINVAL;
  const bool disables = mode == kDisable;
  if (!disables && stack.ss_size < kMinimumBytes) return -ENOMEM;
  thread.altstack_base = disables ? 0 : reinterpret_cast<u64>(stack.ss_sp);
  thread.altstack_bytes = disables ? 0 : stack.ss_size;
  thread.altstack_flags = flags;
  return 0;
}

void disarm_altstack(ThreadState& thread) {
  if (!is_autodisarm(thread)) return;
  thread.altstack_base = thread.altstack_bytes = 0;
  thread.altstack_flags = kDisable;
}

}  // namespace tiptoe::engine
