// mmap and its kin: which code there is, and that none of it is run stale.
//
// The call is made from here under the translation lock, and what it changed is invalidated before
// the lock is released: no block of the old code can be found, or made, afterwards.
#include <linux/mman.h>

#include "base/memory.h"
#include "engine/syscall/syscalls.h"
#include "sys/clock.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

void forget_code(const sys::Held& held, Core& core, u64 start, u64 bytes) {
  if (bytes == 0 || !core.space.has_code_in(held, start, bytes)) return;
  invalidate(held, core, start, bytes);
}

// A file was mapped executable: the trace says which.
void define_module(Core& core, const ThreadState& thread, u64 start, u64 bytes, int prot, i32 fd,
                   u64 offset) {
  if (!core.events.recording() || fd < 0) return;
  char link[] = "/proc/self/fd/0123456789";
  char* digits = link + sizeof "/proc/self/fd/" - 1;
  char reversed[12];
  int count = 0;
  for (u32 rest = static_cast<u32>(fd); count == 0 || rest != 0; rest /= 10) {
    reversed[count++] = static_cast<char>('0' + rest % 10);
  }
  for (int i = 0; i < count; ++i) digits[i] = reversed[count - 1 - i];
  digits[count] = 0;
  char path[1024];
  const i64 length = sys::call(__NR_readlinkat, -100, link, path, sizeof path);
  ModuleDefinition module{};
  module.process = thread.process;
  module.protection = static_cast<u32>(prot);
  module.start = start;
  module.bytes = bytes;
  module.file_offset = offset;
  module.inode = 1;
  module.path_bytes = static_cast<u16>(length > 0 ? length : 0);
  module.tsc = sys::tsc();
  core.definitions.module(module, {path, module.path_bytes}, {});
}

}  // namespace

SyscallAction on_mmap(const AppCall& call) {
  const u64 bytes = align_up(call.argument(1), kPageBytes);
  const int prot = static_cast<int>(call.argument(2));
  const u64 flags = call.argument(3);
  const bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
  // Private data at an address of the kernel's choice cannot concern us: whatever was there is gone
  // from our lists since it was unmapped.
  const bool executable = (prot & PROT_EXEC) != 0 || call.core.space.read_implies_exec();
  if (!executable && !shared && (flags & MAP_FIXED) == 0) return SyscallAction::kPassThrough;

  const sys::Held held(call.core.lock);
  const i64 result = call.make();
  if (!sys::is_error(result)) {
    const u64 start = static_cast<u64>(result);
    forget_code(held, call.core, start, bytes);
    call.core.space.map(held, start, bytes, prot, shared);
    if (executable) {
      const bool is_file = (flags & MAP_ANONYMOUS) == 0;
      define_module(call.core, call.thread, start, bytes, prot,
                    is_file ? static_cast<i32>(call.argument(4)) : -1, call.argument(5));
    }
  }
  return finish(held, call, result);
}

SyscallAction on_munmap(const AppCall& call) {
  const u64 start = call.argument(0), bytes = align_up(call.argument(1), kPageBytes);
  const sys::Held held(call.core.lock);
  const bool had_code = bytes != 0 && call.core.space.has_code_in(held, start, bytes);
  const i64 result = call.make();
  if (!sys::is_error(result)) {
    if (had_code) {
      invalidate(held, call.core, start, bytes);
      call.core.definitions.unmap(start, bytes);
    }
    call.core.space.unmap(held, start, bytes);
  }
  return finish(held, call, result);
}

SyscallAction on_mprotect(const AppCall& call) {
  const u64 start = call.argument(0), bytes = align_up(call.argument(1), kPageBytes);
  const int prot = static_cast<int>(call.argument(2));
  const sys::Held held(call.core.lock);
  const i64 result = call.make();
  // A failed mprotect may have changed the first of several mappings; what is invalidated without
  // need is translated again.
  forget_code(held, call.core, start, bytes);
  if (!sys::is_error(result)) call.core.space.protect(held, start, bytes, prot);
  return finish(held, call, result);
}

SyscallAction on_mremap(const AppCall& call) {
  const u64 old_start = call.argument(0), old_bytes = align_up(call.argument(1), kPageBytes);
  const u64 new_bytes = align_up(call.argument(2), kPageBytes);
  const sys::Held held(call.core.lock);
  const CodeRange* code = call.core.space.find(held, old_start);
  const CodeRange before = code != nullptr ? *code : CodeRange{};
  const i64 result = call.make();
  if (!sys::is_error(result)) {
    const u64 start = static_cast<u64>(result);
    forget_code(held, call.core, old_start, old_bytes);
    forget_code(held, call.core, start, new_bytes);
    const bool duplicated = old_bytes == 0 || (call.argument(3) & MREMAP_DONTUNMAP) != 0;
    if (!duplicated) call.core.space.unmap(held, old_start, old_bytes);
    const int prot =
        before.executable ? PROT_READ | PROT_EXEC | (before.writable ? PROT_WRITE : 0) : PROT_READ;
    call.core.space.map(held, start, new_bytes, prot, before.shared);
  }
  return finish(held, call, result);
}

SyscallAction on_shmat(const AppCall& call) {
  constexpr u64 kShmExec = 0100000, kShmRemap = 040000;
  const u64 flags = call.argument(2);
  if ((flags & (kShmExec | kShmRemap)) == 0) return SyscallAction::kPassThrough;
  const sys::Held held(call.core.lock);
  const i64 result = call.make();
  if (!sys::is_error(result)) {
    const u64 start = static_cast<u64>(result);
    struct {
      u64 words[16];
    } info{};
    constexpr int kIpcStat = 2;
    sys::call(__NR_shmctl, call.argument(0), kIpcStat, &info);
    constexpr unsigned kSegmentSizeWord = 6;  // shmid_ds.shm_segsz behind ipc_perm (48 bytes)
    const u64 bytes = align_up(info.words[kSegmentSizeWord], kPageBytes);
    forget_code(held, call.core, start, bytes);
    call.core.space.map(held, start, bytes,
                        PROT_READ | PROT_WRITE | ((flags & kShmExec) ? PROT_EXEC : 0), true);
  }
  return finish(held, call, result);
}

// The heap is executable only for programs of long ago (READ_IMPLIES_EXEC).
SyscallAction on_brk(const AppCall& call) {
  if (!call.core.space.read_implies_exec()) return SyscallAction::kPassThrough;
  const sys::Held held(call.core.lock);
  const i64 before = sys::call(__NR_brk, 0);
  const i64 result = call.make();
  if (result > before) {
    call.core.space.map(held, align_up(static_cast<u64>(before), kPageBytes),
                        static_cast<u64>(result - before), PROT_READ | PROT_WRITE, false);
  }
  return finish(held, call, result);
}

}  // namespace tiptoe::engine
