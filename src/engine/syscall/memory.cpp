// mmap and its kin: which code there is, and that none of it is run stale.
//
// The call is made from here under the translation lock, and what it changed is invalidated before
// the lock is released: no block of the old code can be found, or made, afterwards. A call that
// fails may have changed a part of what was asked, or have unmapped its target first. With
// userfaultfd some of the calls are made without the lock: see Unlocked.
#include <asm/errno.h>
#include <linux/mman.h>

#include "base/memory.h"
#include "engine/context/safe_copy.h"
#include "engine/syscall/memory_lock.h"
#include "engine/syscall/own_memory.h"
#include "engine/syscall/syscalls.h"
#include "engine/trust/descriptor.h"
#include "engine/trust/kernel_maps.h"
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

int protection_of(const CodeRange& range) {
  return PROT_READ | (range.executable ? PROT_EXEC : 0) | (range.writable ? PROT_WRITE : 0);
}

// What is in the range is what the kernel says, and may change unseen.
void learn_again(const sys::Held& held, Core& core, u64 start, u64 bytes) {
  struct Range {
    const sys::Held& held;
    Core& core;
    u64 start, end;
  } range{held, core, start, start + align_up(bytes, kPageBytes)};
  core.space.unmap(held, start, bytes);
  visit_kernel_maps(&range, [](void* context, const CodeRange& mapping) {
    const auto& [lock, of, first, last] = *static_cast<Range*>(context);
    const u64 from = mapping.start < first ? first : mapping.start;
    const u64 to = mapping.end < last ? mapping.end : last;
    if (from < to && !is_over_own(mapping.start, mapping.end - mapping.start)) {
      of.space.map(lock, from, to - from, protection_of(mapping), {true, {}});
    }
    return mapping.start < last;
  });
}

// A call in which the kernel may wait until another thread of the program has read, from a
// userfaultfd, that it happens: that thread needs the lock, so the call is made without it. Other
// threads run code in the range meanwhile, and translate it: it may change unseen from now on, so
// that no block of it is believed, and the handler invalidates behind the call as always.
class Unlocked {
 public:
  Unlocked(const sys::Held& held, Core& core, bool makes_executable)
      : held_(held), core_(core), makes_executable_(makes_executable) {}

  void may_change(u64 start, u64 bytes) {
    if (!core_.space.pages_may_wait() || start % kPageBytes != 0) return;
    core_.space.let_change(held_, start, align_up(bytes, kPageBytes));
    forget_code(held_, core_, start, bytes);
  }

  template <typename Make>
  i64 make(Make make_call) {
    if (makes_executable_) wait_for_fault(core_);
    if (!core_.space.pages_may_wait()) return make_call();
    const u64 changes = core_.space.changes();
    core_.executable_on_the_way += makes_executable_ ? 1 : 0;
    i64 result;
    {
      const sys::Released released(held_);
      result = make_call();
    }
    core_.executable_on_the_way -= makes_executable_ ? 1 : 0;
    disturbed_ = changes != core_.space.changes();
    return result;
  }

  // When the list says what the call has done: other calls may have come behind it.
  void settle(u64 start, u64 bytes) {
    if (disturbed_) learn_again(held_, core_, start, bytes);
  }

 private:
  const sys::Held& held_;
  Core& core_;
  bool makes_executable_;
  bool disturbed_ = false;
};

// A file was mapped executable: the trace says which.
void define_module(Core& core, const ThreadState& thread, u64 start, u64 bytes, int prot, i32 fd,
                   u64 offset) {
  if (!core.events.defining() || fd < 0) return;
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

// The ranges of a process_madvise.
template <typename Visit>
void for_each_part(const AppCall& call, Visit visit) {
  struct Part {
    u64 start, bytes;
  };
  for (u64 i = 0; i < call.argument(2) && i < 1024; ++i) {
    Part part{};
    const auto* at = reinterpret_cast<const Part*>(call.argument(1)) + i;
    if (safe_copy(&part, at, sizeof part) != 0) break;
    visit(part.start, part.bytes);
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
  Unlocked unlocked(held, core, true);
  if (is_fixed) unlocked.may_change(wanted, bytes);
  const i64 result = unlocked.make([&] { return call.make(); });
  if (is_fixed) forget_code(held, core, wanted, bytes);
  if (!sys::is_error(result)) {
    const u64 start = static_cast<u64>(result);
    forget_code(held, core, start, bytes);
    core.space.map(held, start, bytes, prot, backing);
    unlocked.settle(start, bytes);
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
  Unlocked unlocked(held, call.core, false);
  unlocked.may_change(start, bytes);
  const i64 result = unlocked.make([&] { return make_around_own(call, Hole::kIsNothing); });
  forget_code(held, call.core, start, bytes);
  if (!sys::is_error(result)) {
    if (had_code) {
      call.core.definitions.unmap(start, bytes);
      call.core.returns.forget(start, bytes);
      call.core.indirects.forget(start, bytes);
    }
    call.core.space.unmap(held, start, bytes);
    unlocked.settle(start, bytes);
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
  Unlocked unlocked(held, core, true);
  unlocked.may_change(old_start, old_bytes);
  if (is_fixed) unlocked.may_change(target, new_bytes);
  const i64 result = unlocked.make([&] { return call.make(); });
  if (is_fixed) forget_code(held, core, target, new_bytes);
  if (!sys::is_error(result)) {
    const u64 start = static_cast<u64>(result);
    forget_code(held, core, old_start, old_bytes);
    forget_code(held, core, start, new_bytes);
    const bool duplicated = old_bytes == 0 || (flags & MREMAP_DONTUNMAP) != 0;
    if (!duplicated) core.space.unmap(held, old_start, old_bytes);
    core.space.map(held, start, new_bytes, protection_of(before), before.backing);
    unlocked.settle(old_start, old_bytes);
    unlocked.settle(start, new_bytes);
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
  Unlocked unlocked(held, call.core, false);
  if (takes_content(advice)) unlocked.may_change(start, bytes);
  const i64 result = unlocked.make([&] { return make_around_own(call, Hole::kFails); });
  note_advice(held, call.core, start, bytes, advice);
  return finish(held, call, result);
}

// The same by a descriptor of a process, which may be this one.
SyscallAction on_process_madvise(const AppCall& call) {
  const u64 advice = call.argument(3);
  if (!takes_content(advice) && !takes_from_children(advice)) return SyscallAction::kPassThrough;
  if (call.core.space.pages_may_wait() && takes_content(advice)) {
    for_each_part(call, [&](u64 start, u64 bytes) {
      const sys::Held held(call.core.lock);
      Unlocked(held, call.core, false).may_change(start, bytes);
    });
  }
  const sys::Held held(call.core.lock);
  const i64 result = Unlocked(held, call.core, false).make([&] { return call.make(); });
  for_each_part(call,
                [&](u64 start, u64 bytes) { note_advice(held, call.core, start, bytes, advice); });
  return finish(held, call, result);
}

SyscallAction on_shmat(const AppCall& call) {
  constexpr u64 kShmReadOnly = 010000, kShmRound = 020000, kShmRemap = 040000, kShmExec = 0100000;
  const u64 flags = call.argument(2);
  const sys::Held held(call.core.lock);
  if ((flags & kShmRemap) != 0) {  // over whatever is there
    const u64 asked = call.argument(1), bytes = segment_bytes(call.argument(0));
    const u64 wanted = (flags & kShmRound) != 0 ? align_down(asked, kPageBytes) : asked;
    if (is_over_own(wanted, bytes)) return refuse(held, call, wanted, bytes);
    forget_code(held, call.core, wanted, bytes);
  }
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
  const u64 wanted = align_up(call.argument(0), kPageBytes);
  Unlocked unlocked(held, core, true);
  if (wanted < before) unlocked.may_change(wanted, before - wanted);
  const i64 result = unlocked.make([&] { return call.make(); });
  const u64 after = align_up(static_cast<u64>(result), kPageBytes);
  if (after > before) {
    core.space.map(held, before, after - before, PROT_READ | PROT_WRITE);
    lock_new_memory(core, before, after - before);
  } else if (after < before) {
    forget_code(held, core, after, before - after);
    core.space.unmap(held, after, before - after);
    unlocked.settle(after, before - after);
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
