// mmap and its kin: which code there is, and that none of it is run stale.
//
// The call is made from here under the translation lock, and what it changed is invalidated before
// the lock is released: no block of the old code can be found, or made, afterwards. A call that
// fails may have changed a part of what was asked, or have unmapped its target first.
#include <asm/errno.h>
#include <linux/mman.h>

#include "base/memory.h"
#include "engine/context/safe_copy.h"
#include "engine/syscall/memory_lock.h"
#include "engine/syscall/own_memory.h"
#include "engine/syscall/syscalls.h"
#include "engine/trust/descriptor.h"
#include "sys/clock.h"
#include "sys/fail.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

// For a call that may make memory executable: see Core::fault_on_the_way.
void wait_for_fault(Core& core) {
  core.fault_on_the_way.acquire();
  core.fault_on_the_way.release();
}

// The program's code in the range may be other code now.
void forget_code(const sys::Held& held, Core& core, u64 start, u64 bytes) {
  core.space.for_each_code_in(held, start, align_up(bytes, kPageBytes),
                              [&](u64 from, u64 count) { invalidate(held, core, from, count); });
}

// A file was mapped executable: the trace says which.
void define_module(Core& core, const ThreadState& thread, u64 start, u64 bytes, int prot, i32 fd,
                   u64 offset) {
  if (!core.events.recording() || fd < 0) return;
  char buffer[1024];
  const std::span<const char> path = name_of(fd, buffer);
  ModuleDefinition module{};
  module.process = thread.process;
  module.protection = static_cast<u32>(prot);
  module.start = start;
  module.bytes = bytes;
  module.file_offset = offset;
  module.inode = 1;
  module.path_bytes = static_cast<u16>(path.size());
  module.tsc = sys::tsc();
  core.definitions.module(module, {path.data(), module.path_bytes}, {});
}

// What an mmap with these arguments puts behind its range.
Backing backing_of(u64 flags, bool executable, i32 fd) {
  if ((flags & MAP_TYPE) != MAP_PRIVATE) return {true, {}};
  if ((flags & MAP_ANONYMOUS) != 0) return {};
  return {can_write_file(fd), executable ? file_of(fd) : FileId{}};
}

int protection_of(const CodeRange& range) {
  return PROT_READ | (range.executable ? PROT_EXEC : 0) | (range.writable ? PROT_WRITE : 0);
}

// The program asks for memory where ours is. There is no good answer, so it is said aloud.
SyscallAction refuse(const sys::Held& held, const AppCall& call, u64 start, u64 bytes) {
  sys::warn("the program maps memory over tiptoe's own; it gets ENOMEM (address, bytes)", start,
            bytes);
  return finish(held, call, -ENOMEM);
}

// An attachment of a System V segment: all ranges of one are removed together.
FileId attachment_at(u64 start) {
  return {~u64{0}, start};
}

u64 segment_bytes(u64 segment) {
  struct {
    u64 words[16];
  } info{};
  constexpr int kIpcStat = 2;
  sys::call(__NR_shmctl, segment, kIpcStat, &info);
  constexpr unsigned kSegmentSizeWord = 6;  // shmid_ds.shm_segsz behind ipc_perm (48 bytes)
  return align_up(info.words[kSegmentSizeWord], kPageBytes);
}

// Advice that changes what is read: at once, or in children.
bool takes_content(u64 advice) {
  constexpr u64 kDontNeedLocked = 24, kGuardInstall = 102;
  return advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE ||
         advice == MADV_HWPOISON || advice == kDontNeedLocked || advice == kGuardInstall;
}
bool takes_from_children(u64 advice) {
  return advice == MADV_DONTFORK || advice == MADV_WIPEONFORK;
}

void note_advice(const sys::Held& held, Core& core, u64 start, u64 bytes, u64 advice) {
  if (takes_content(advice)) forget_code(held, core, start, bytes);
  if (takes_from_children(advice)) {
    core.space.let_change(held, start, align_up(bytes, kPageBytes));
    forget_code(held, core, start, bytes);
  }
}

}  // namespace

SyscallAction on_mmap(const AppCall& call) {
  Core& core = call.core;
  const u64 bytes = align_up(call.argument(1), kPageBytes);
  const int prot = static_cast<int>(call.argument(2));
  const u64 flags = call.argument(3);
  const i32 fd = static_cast<i32>(call.argument(4));
  const bool is_fixed = (flags & MAP_FIXED) != 0;
  const bool executable = (prot & PROT_EXEC) != 0 || core.space.read_implies_exec();
  const Backing backing = backing_of(flags, executable, fd);
  // Private data at an address of the kernel's choice cannot concern us: whatever was there is gone
  // from our lists since it was unmapped.
  if (!executable && !backing.may_change && !is_fixed && core.lock_future == 0) {
    return SyscallAction::kPassThrough;
  }

  const sys::Held held(core.lock);
  const u64 wanted = call.argument(0);
  if (is_fixed && is_over_own(wanted, bytes)) return refuse(held, call, wanted, bytes);
  wait_for_fault(core);
  const i64 result = call.make();
  if (is_fixed) forget_code(held, core, wanted, bytes);
  if (!sys::is_error(result)) {
    const u64 start = static_cast<u64>(result);
    forget_code(held, core, start, bytes);
    core.space.map(held, start, bytes, prot, backing);
    lock_new_memory(core, start, bytes);
    if (executable) {
      const bool is_file = (flags & MAP_ANONYMOUS) == 0;
      define_module(core, call.thread, start, bytes, prot, is_file ? fd : -1, call.argument(5));
    }
  }
  return finish(held, call, result);
}

SyscallAction on_munmap(const AppCall& call) {
  const u64 start = call.argument(0), bytes = align_up(call.argument(1), kPageBytes);
  const sys::Held held(call.core.lock);
  const bool had_code = call.core.space.has_code_in(held, start, bytes);
  const i64 result = make_around_own(call, Hole::kIsNothing);
  forget_code(held, call.core, start, bytes);
  if (!sys::is_error(result)) {
    if (had_code) call.core.definitions.unmap(start, bytes);
    call.core.space.unmap(held, start, bytes);
  }
  return finish(held, call, result);
}

SyscallAction on_mprotect(const AppCall& call) {
  const u64 start = call.argument(0), bytes = align_up(call.argument(1), kPageBytes);
  const int prot = static_cast<int>(call.argument(2));
  const sys::Held held(call.core.lock);
  wait_for_fault(call.core);
  const i64 result = make_around_own(call, Hole::kStops);
  forget_code(held, call.core, start, bytes);
  if (!sys::is_error(result)) call.core.space.protect(held, start, bytes, prot);
  return finish(held, call, result);
}

SyscallAction on_mremap(const AppCall& call) {
  Core& core = call.core;
  const u64 old_start = call.argument(0), old_bytes = align_up(call.argument(1), kPageBytes);
  const u64 new_bytes = align_up(call.argument(2), kPageBytes);
  const u64 flags = call.argument(3), target = call.argument(4);
  const bool is_fixed = (flags & MREMAP_FIXED) != 0;
  const sys::Held held(core.lock);
  if (is_over_own(old_start, old_bytes)) return finish(held, call, -EFAULT);
  if (is_fixed && is_over_own(target, new_bytes)) return refuse(held, call, target, new_bytes);
  const CodeRange* known = core.space.find(held, old_start);
  const CodeRange before = known != nullptr ? *known : CodeRange{};
  wait_for_fault(core);
  const i64 result = call.make();
  if (is_fixed) forget_code(held, core, target, new_bytes);
  if (!sys::is_error(result)) {
    const u64 start = static_cast<u64>(result);
    forget_code(held, core, old_start, old_bytes);
    forget_code(held, core, start, new_bytes);
    const bool duplicated = old_bytes == 0 || (flags & MREMAP_DONTUNMAP) != 0;
    if (!duplicated) core.space.unmap(held, old_start, old_bytes);
    core.space.map(held, start, new_bytes, protection_of(before), before.backing);
  }
  return finish(held, call, result);
}

SyscallAction on_madvise(const AppCall& call) {
  const u64 start = call.argument(0), bytes = call.argument(1), advice = call.argument(2);
  const sys::Held held(call.core.lock);
  if (!is_over_own(start, bytes) && !((takes_content(advice) || takes_from_children(advice)) &&
                                      call.core.space.has_code_in(held, start, bytes))) {
    return SyscallAction::kPassThrough;
  }
  const i64 result = make_around_own(call, Hole::kFails);
  note_advice(held, call.core, start, bytes, advice);
  return finish(held, call, result);
}

// The same by a descriptor of a process, which may be this one.
SyscallAction on_process_madvise(const AppCall& call) {
  const u64 advice = call.argument(3);
  if (!takes_content(advice) && !takes_from_children(advice)) return SyscallAction::kPassThrough;
  struct Part {
    u64 start, bytes;
  };
  const sys::Held held(call.core.lock);
  const i64 result = call.make();
  for (u64 i = 0; i < call.argument(2) && i < 1024; ++i) {
    Part part{};
    const auto* at = reinterpret_cast<const Part*>(call.argument(1)) + i;
    if (safe_copy(&part, at, sizeof part) != 0) break;
    note_advice(held, call.core, part.start, part.bytes, advice);
  }
  return finish(held, call, result);
}

SyscallAction on_shmat(const AppCall& call) {
  constexpr u64 kShmReadOnly = 010000, kShmExec = 0100000;
  const u64 flags = call.argument(2);
  const sys::Held held(call.core.lock);
  wait_for_fault(call.core);
  const i64 result = call.make();
  if (!sys::is_error(result)) {
    const u64 start = static_cast<u64>(result);
    const u64 bytes = segment_bytes(call.argument(0));
    const int prot = PROT_READ | ((flags & kShmReadOnly) != 0 ? 0 : PROT_WRITE) |
                     ((flags & kShmExec) != 0 ? PROT_EXEC : 0);
    forget_code(held, call.core, start, bytes);
    call.core.space.map(held, start, bytes, prot, {true, attachment_at(start)});
  }
  return finish(held, call, result);
}

SyscallAction on_shmdt(const AppCall& call) {
  const sys::Held held(call.core.lock);
  const i64 result = call.make();
  if (!sys::is_error(result)) {
    CodeRange range;
    while (call.core.space.find_file(held, attachment_at(call.argument(0)), range)) {
      forget_code(held, call.core, range.start, range.end - range.start);
      call.core.space.unmap(held, range.start, range.end - range.start);
    }
  }
  return finish(held, call, result);
}

// What grows is executable only for programs of long ago (READ_IMPLIES_EXEC); what shrinks may have
// been made so.
SyscallAction on_brk(const AppCall& call) {
  Core& core = call.core;
  const sys::Held held(core.lock);
  const u64 before = align_up(static_cast<u64>(sys::call(__NR_brk, 0)), kPageBytes);
  wait_for_fault(core);
  const i64 result = call.make();
  const u64 after = align_up(static_cast<u64>(result), kPageBytes);
  if (after > before) {
    core.space.map(held, before, after - before, PROT_READ | PROT_WRITE);
    lock_new_memory(core, before, after - before);
  } else if (after < before) {
    forget_code(held, core, after, before - after);
    core.space.unmap(held, after, before - after);
  }
  return finish(held, call, result);
}

SyscallAction on_personality(const AppCall& call) {
  constexpr u64 kReadImpliesExec = 0x0400000;
  const u64 persona = call.argument(0) & 0xffffffff;
  const sys::Held held(call.core.lock);
  const i64 result = call.make();
  if (!sys::is_error(result) && persona != 0xffffffff) {
    call.core.space.set_read_implies_exec((persona & kReadImpliesExec) != 0);
  }
  return finish(held, call, result);
}

// From this call on no memory that is writable and executable can be had: what we shall need of it
// is taken now. Each region holds 64 MiB of translated code, of wherever it is.
SyscallAction on_set_mdwe(const AppCall& call) {
  constexpr u32 kMoreRegions = 4;
  const sys::Held held(call.core.lock);
  call.core.cache.reserve_regions(held, kMoreRegions);
  return SyscallAction::kPassThrough;
}

}  // namespace tiptoe::engine
