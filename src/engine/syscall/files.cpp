// Opening what can change code unseen: files that are mapped as code, the process' own memory, the
// descriptor by which pages are filled in.
#include <linux/fcntl.h>
#include <linux/openat2.h>

#include "base/memory.h"
#include "engine/context/safe_copy.h"
#include "engine/syscall/syscalls.h"
#include "engine/trust/descriptor.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

void forget_all_code(const sys::Held& held, Core& core) {
  constexpr u64 kEnd = u64{1} << 47;
  core.space.for_each_code_in(held, 0, kEnd,
                              [&](u64 start, u64 bytes) { invalidate(held, core, start, bytes); });
}

bool is_userfault_device(i32 fd) {
  constexpr char kName[] = "/dev/userfaultfd";
  char buffer[64];
  const std::span<const char> name = name_of(fd, buffer);
  return name.size() == sizeof kName - 1 && memcmp(name.data(), kName, name.size()) == 0;
}

// The open has been made, for writing.
void after_open(Core& core, ThreadState& thread) {
  const i64 result = static_cast<i64>(thread.context.gpr[x86::kRax]);
  if (sys::is_error(result)) return;
  const i32 fd = static_cast<i32>(result);
  const FileId file = file_of(fd);
  if (file == FileId{}) {
    if (is_userfault_device(fd)) core.space.set_pages_may_wait();
    return;
  }
  const bool is_memory = is_own_memory(fd);
  const sys::Held held(core.lock);
  if (is_memory) core.space.let_all_change();
  if (is_memory || core.space.let_change(held, file)) forget_all_code(held, core);
}

// Made through the gate: an open may wait.
SyscallAction opens(const AppCall& call, u64 flags) {
  if ((flags & O_ACCMODE) != O_RDONLY) call.thread.after_syscall = after_open;
  return SyscallAction::kPassThrough;
}

}  // namespace

SyscallAction on_open(const AppCall& call) {
  return opens(call, call.argument(1));
}

// openat, and open_by_handle_at.
SyscallAction on_openat(const AppCall& call) {
  return opens(call, call.argument(2));
}

SyscallAction on_openat2(const AppCall& call) {
  struct open_how how {};
  safe_copy(&how, reinterpret_cast<const void*>(call.argument(2)), sizeof how.flags);
  return opens(call, how.flags);
}

SyscallAction on_creat(const AppCall& call) {
  return opens(call, O_WRONLY);
}

SyscallAction on_userfaultfd(const AppCall& call) {
  call.core.space.set_pages_may_wait();
  return SyscallAction::kPassThrough;
}

}  // namespace tiptoe::engine
